using ImplicitNet.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Evaluation;

/// <summary>u' = u^2 has u(1) = u0 / (1 - u0), and for u0 above 1 none: what is measured is measured without those.</summary>
public sealed class FailedFlowTests : TensorTest
{
    private static readonly double[] Starts = [-1, 2, -0.5, 3];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_sample_whose_flow_failed_has_no_part_in_loss_and_scores(int batch)
    {
        using DisposeScope scope = NewDisposeScope();
        using Square model = new();
        EvaluationResult result = Evaluator.Evaluate(model, new Regression(), Source(Starts, batch));
        Assert.Equal((4, 2), (result.Count, result.LeftOut));
        Assert.Equal(((0.25 / 1) + (1.0 / 9)) / 2, result.Loss, 1e-8);
        Assert.Equal((0.5 + (1.0 / 3)) / 2, result.Scores["absolute error"], 1e-8);
        Assert.Equal((2, 2), (result.Solver.Statuses[SolveStatus.Converged], result.Solver.Failures));
        Assert.Equal(2, result.Solver.Flows[FlowStatus.Completed]);
        Assert.Equal(2, result.Solver.Flows.Where(flow => flow.Key != FlowStatus.Completed).Sum(flow => flow.Value));
    }

    [Fact]
    public void Where_no_sample_has_an_answer_there_is_no_loss()
    {
        using DisposeScope scope = NewDisposeScope();
        using Square model = new();
        EvaluationResult result = Evaluator.Evaluate(model, new Regression(), Source([2, 3], 2));
        Assert.Equal((2, 2, double.NaN), (result.Count, result.LeftOut, result.Loss));
        Assert.All(result.Scores.Values, value => Assert.Equal(double.NaN, value));
    }

    [Fact]
    public void An_epoch_says_how_many_validation_samples_it_left_out_and_only_where_there_were_some()
    {
        using DisposeScope scope = NewDisposeScope();
        TrainingOptions options = new() { Epochs = 1, LearningRate = 1e-9 };
        foreach ((double[] starts, long? expected) in new (double[], long?)[] { (Starts, 2), ([-1, -0.5], null) })
        {
            using Square model = new();
            model.Layer.Settings = model.Layer.Settings with { OnFailure = new MaskFailures() };
            using Trainer trainer = new(model, new Regression(), Source([-1, -0.5], 2), Source(starts, 4), options);
            TrainingResult result = trainer.Run();
            Assert.Equal(expected, result.Epochs[0].ValidationLeftOut);
            Assert.Equal((0.25 + (1.0 / 9)) / 2, result.ValidationLoss!.Value, 1e-6);
        }
    }

    private static TensorBatches Source(double[] starts, int batch) => BatchSource.From(
        tensor(starts, [starts.Length, 1]), zeros([starts.Length, 1], ScalarType.Float64), batch);

    private sealed class Square : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter _scale = new(ones([1], ScalarType.Float64));

        public Square()
            : base(nameof(Square))
        {
            Layer = new FlowLayer(new Field(_scale))
            {
                Settings = new FlowSettings { Steps = new PidController { RelativeTolerance = 1e-10, AbsoluteTolerance = 1e-10 } },
            };
            register_module("layer", Layer);
        }

        public FlowLayer Layer { get; }

        public override Tensor forward(Tensor input) => Layer.call(input);
    }

    private sealed class Field : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter _scale;

        public Field(Parameter scale)
            : base(nameof(Field))
        {
            _scale = scale;
            register_parameter("scale", scale);
        }

        public override Tensor forward(Tensor input) => input * input * _scale;
    }
}
