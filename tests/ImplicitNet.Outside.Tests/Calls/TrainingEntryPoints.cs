using ImplicitNet.Certification;
using ImplicitNet.Files.PyTorch;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>The ways into training, evaluation, certificates without a module and files: a new one is one line.</summary>
internal static class TrainingEntryPoints
{
    public static readonly IReadOnlyList<EntryPoint> All =
    [
        new("Trainer.Run", call => Train(call, BatchSource.From(call.Any, call.Any))),
        new("Trainer.Run with weights", call => Train(call, BatchSource.From(call.Right, call.Any, weights: call.Any))),
        new("Trainer.Run of generated samples",
            call => Train(call, BatchSource.Generate((_, _) => (call.Any, call.Right.select(0, 0)), 3))),
        new("Trainer.Run of batches", call => Train(call, BatchSource.FromBatches(Batches(call)))),
        new("Trainer.Run of a forward of the caller's", TrainForward),
        new("Evaluator.Evaluate", call => Evaluator.Evaluate(Model(call), Task(call), BatchSource.From(call.Any, call.Any))),
        new("Confusion.Add", call => new Confusion(3).Add(call.Any, new Batch(call.Right, call.Any))),
        new("Batch", call => new Batch(call.Any, call.Any, call.Any, call.Random.OneIn(2) ? null : call.Any).Dispose()),
        new("GradientCertifier.Certify of tensors", Certify),
        new("SafetensorsFile.Write", call => SafetensorsFile.Write(Stream.Null, new Dictionary<string, Tensor> { ["x"] = call.Any })),
        new("PyTorchFile.Write", Write),
    ];

    private static nn.Module<Tensor, Tensor> Model(HostileCall call)
    {
        long width = call.Right.shape[1];
        return nn.Sequential(nn.Linear(width, width), new ImplicitLayer(new ContractionOperator(new BoundedLinear(width, width), 0.5)));
    }

    private static TrainingTask Task(HostileCall call) => call.Random.Pick<TrainingTask>(
        [new Regression(), new Regression(), new Classification(), new DenseClassification(), new NextToken(), new Restoration(), new HostileTask(call)]);

    private static void Train(HostileCall call, BatchSource source)
    {
        using Trainer trainer = new(Model(call), Task(call), source, options: new TrainingOptions { Epochs = 1 });
        trainer.Run();
    }

    private static void TrainForward(HostileCall call)
    {
        nn.Module<Tensor, Tensor> model = Model(call);
        using Trainer trainer = new(
            model, batch => call.Random.OneIn(2) ? call.Any : model.call(batch.Inputs), new Regression(), BatchSource.From(call.Right, call.Right),
            options: new TrainingOptions { Epochs = 1 });
        trainer.Run();
    }

    private static IEnumerable<Batch> Batches(HostileCall call)
    {
        yield return call.Random.OneIn(5) ? null! : new Batch(call.Any, call.Right.clone());
    }

    private static void Certify(HostileCall call)
    {
        long width = call.Right.shape[1];
        Tensor weight = (eye(width) * 0.3).requires_grad_();
        _ = new GradientCertifier { PowerIterations = 2 }.Certify(
            [call.Random.OneIn(2) ? weight : call.Any], () => Implicit.Solve((u, q) => (u.mm(weight) + q).tanh(), call.Start, call.Q).square().sum([1]));
    }

    private static void Write(HostileCall call)
    {
        string path = Path.GetTempFileName();
        try
        {
            PyTorchFile.Write(path, new Dictionary<string, Tensor> { ["x"] = call.Any });
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Losses of any kind, and measurements of any kind.</summary>
    private sealed record HostileTask(HostileCall Call) : TrainingTask
    {
        public override Tensor Losses(Tensor output, Batch batch) => Call.Random.Next(4) switch
        {
            0 => Call.Any,
            1 => output.sum(),
            2 => output.sum(1).detach(),
            _ => output.square().sum(1),
        };

        public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) => [new("any", Call.Any)];
    }
}
