using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>A table of 24 rows and a model with two implicit layers that learns it, in steps of microseconds.</summary>
internal static class SmallRegression
{
    /// <summary>Three steps an epoch.</summary>
    public static readonly TrainingOptions Options = new() { Epochs = 4, CheckpointSteps = 1, LogSteps = 1, LearningRate = 1e-2 };

    public static nn.Module<Tensor, Tensor> Model(ScalarType dtype = ScalarType.Float32)
    {
        random.manual_seed(1);
        Table model = new();
        model.to(dtype);
        return model;
    }

    public static BatchSource Source(string name = "table", int count = 24, ScalarType dtype = ScalarType.Float32) => new Rows(name, count, dtype);

    public static byte[] Bytes(nn.Module model)
    {
        using MemoryStream stream = new();
        Files.Write(stream, model);
        return stream.ToArray();
    }

    private sealed class Table : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _first = nn.Linear(2, 6);
        private readonly ImplicitLayer _wide = new(new ContractionOperator(new BoundedLinear(6, 6), 0.8, LatentActivation.Tanh));
        private readonly nn.Module<Tensor, Tensor> _middle = nn.Linear(6, 5);
        private readonly nn.Module<Tensor, Tensor> _dropout = nn.Dropout(0.1);
        private readonly ImplicitLayer _narrow = new(new ContractionOperator(new BoundedLinear(5, 5), 0.7));
        private readonly nn.Module<Tensor, Tensor> _last = nn.Linear(5, 1);

        public Table()
            : base(nameof(Table)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = NewDisposeScope();
            return _last.call(_narrow.call(_dropout.call(_middle.call(_wide.call(_first.call(input)))))).MoveToOuterDisposeScope();
        }
    }

    /// <summary>y = x0 - x1 / 2 + noise that is none: a function of the row.</summary>
    private sealed class Rows(string name, int count, ScalarType dtype) : IndexedBatches(name, count, 8, seed: 3)
    {
        public override object? Identity => null;

        protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
        {
            double[,] x = new double[indices.Length, 2];
            double[] y = new double[indices.Length];
            for (int row = 0; row < y.Length; row++)
            {
                (x[row, 0], x[row, 1]) = (Math.Sin(indices[row]), Math.Cos(3 * indices[row]));
                y[row] = x[row, 0] - (x[row, 1] / 2) + (0.1 * Math.Sin(7 * indices[row]));
            }

            return new Batch(tensor(x, dtype), tensor(y, dtype));
        }
    }

    private static class Files
    {
        public static void Write(Stream stream, nn.Module model)
        {
            using DisposeScope scope = NewDisposeScope();
            using BinaryWriter writer = new(stream, System.Text.Encoding.UTF8, leaveOpen: true);
            foreach ((string name, Tensor value) in model.state_dict())
            {
                writer.Write(name);
                writer.Write(value.contiguous().bytes);
            }
        }
    }
}
