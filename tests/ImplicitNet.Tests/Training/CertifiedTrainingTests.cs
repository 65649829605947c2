using ImplicitNet.Files;
using ImplicitNet.Gradients;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

public sealed class CertifiedTrainingTests : TensorTest
{
    private static readonly DataSplits Data = StrokeDigits.Generate(new StrokeDigitsOptions { TrainCount = 60, ValidationCount = 20, TestCount = 10 });

    private static readonly TrainingOptions Options = new() { Epochs = 2, CheckpointSteps = 1, LogSteps = 1 };

    // Up at any certificate, down at the next: JFB is never that good, and the exact gradient always is.
    private static readonly EscalationPolicy Restless = new()
    {
        Gradients = [new JacobianFreeGradient(), new NeumannGradient { Terms = 1 }, new ImplicitGradient()],
        RaiseBelow = 0.99999,
        LowerFrom = 0.99999,
        Patience = 1,
    };

    [Fact]
    public void Certificates_change_nothing_about_the_weights_and_are_in_the_history()
    {
        using TemporaryFolder plain = new();
        using TemporaryFolder certified = new();
        byte[] expected = Train(plain.Path, Options);
        List<TrainingEvent> events = [];
        Assert.Equal(expected, Train(certified.Path, Options with { CertificateSteps = 2 }, events));
        CertificateHistory history = CertificateHistory.Read(certified["history.jsonl"]);
        Assert.Equal([2L, 4], history.Certificates.Select(record => record.Step));
        Assert.Empty(history.Changes);
        Assert.All(history.Certificates, record =>
        {
            Assert.InRange(record.Cosine, 0.5, 1);
            Assert.InRange(record.Factor, 0.01, 0.5);
            Assert.InRange(record.ReferenceResidual, 0, 1e-5);
            Assert.InRange(record.DirectionCosine!.Value, 0.5, 1);
        });
        Assert.Equal(2, events.OfType<TrainingEvent.GradientCertified>().Count());
    }

    [Fact]
    public void An_escalating_run_cancelled_at_any_step_and_resumed_ends_with_the_same_bits()
    {
        using TemporaryFolder whole = new();
        using TemporaryFolder parts = new();
        TrainingOptions options = Options with { CertificateSteps = 1, Escalation = Restless };
        List<TrainingEvent> events = [];
        byte[] expected = Train(whole.Path, options, events);
        Assert.Equal(expected, Train(parts.Path, options, [], 1, 2));
        CertificateHistory history = CertificateHistory.Read(whole["history.jsonl"]);
        Assert.NotEmpty(history.Changes);
        Assert.Equal(history.Changes, CertificateHistory.Read(parts["history.jsonl"]).Changes);
        Assert.Equal(history.Certificates, CertificateHistory.Read(parts["history.jsonl"]).Certificates);
        Assert.Equal(history.Changes, events.OfType<TrainingEvent.GradientChanged>().Select(change => change.Change));
        Assert.Equal((0, 1), (history.Changes[0].From, history.Changes[0].To));
        using TemporaryFolder plain = new();
        Assert.NotEqual(expected, Train(plain.Path, Options));
    }

    [Fact]
    public void The_network_has_its_own_gradient_back_afterwards()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Network();
        network.Gradient = new NeumannGradient { Terms = 7 };
        using Trainer trainer = new(network, new Classification(), Source(Data.Train), Source(Data.Validation), Options with { CertificateSteps = 1, Escalation = Restless });
        trainer.Run();
        Assert.Equal(new NeumannGradient { Terms = 7 }, network.Gradient);
    }

    [Fact]
    public void A_run_with_a_penalty_has_other_weights_and_is_resumable()
    {
        using TemporaryFolder whole = new();
        using TemporaryFolder parts = new();
        TrainingOptions options = Options with { JacobianPenalty = new JacobianPenalty { Weight = 1 } };
        byte[] expected = Train(whole.Path, options);
        Assert.Equal(expected, Train(parts.Path, options, [], 1, 2));
        using TemporaryFolder plain = new();
        Assert.NotEqual(expected, Train(plain.Path, Options));
    }

    private sealed class Listener(Action<TrainingEvent> listen) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value) => listen(value);
    }

    private static byte[] Train(string path, TrainingOptions options, List<TrainingEvent>? events = null, params int[] stopAfter)
    {
        for (int part = 0; ; part++)
        {
            using DisposeScope scope = NewDisposeScope();
            using ImplicitNetwork network = Network();
            using CancellationTokenSource source = new();
            using Trainer trainer = new(network, new Classification(), Source(Data.Train), Source(Data.Validation), options, new RunFolder(path));
            Assert.Equal(part > 0, trainer.Resume());
            int steps = 0;
            TrainingResult result = trainer.Run(
                new Listener(happened =>
                {
                    events?.Add(happened);
                    if (happened is TrainingEvent.StepFinished && part < stopAfter.Length && ++steps == stopAfter[part])
                    {
                        source.Cancel();
                    }
                }),
                source.Token);
            if (result.IsComplete)
            {
                return File.ReadAllBytes(Path.Combine(path, "model.safetensors"));
            }
        }
    }

    private static ImplicitNetwork Network()
    {
        random.manual_seed(1);
        ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { LatentChannels = 8 });
        network.OnFailure = new MaskFailures();
        return network;
    }

    private static ImageBatches Source(ImageDataset data) =>
        new(data, new BatchOptions { Normalization = PixelNormalization.Of(Data.Train), BatchSize = 30, Seed = 1 });
}
