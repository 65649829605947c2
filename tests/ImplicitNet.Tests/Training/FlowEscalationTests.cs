using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>An escalation works on flows as it does on fixed points.</summary>
public sealed class FlowEscalationTests : TensorTest
{
    private static readonly TrainingOptions Options = new() { Epochs = 2, CheckpointSteps = 1, LogSteps = 1 };

    // Up at any certificate that is not of the exact gradient, and never down.
    private static readonly EscalationPolicy Restless = new()
    {
        FlowGradients = [new TruncatedAdjoint(), new DiscreteAdjoint()],
        RaiseBelow = 0.99999,
        LowerFrom = 1,
        Patience = 1,
    };

    [Fact]
    public void A_bad_certificate_of_a_flow_moves_it_to_the_next_gradient_from_its_own_batch_on()
    {
        using TemporaryFolder folder = new();
        List<TrainingEvent> events = [];
        byte[] escalated = Train(Options with { CertificateSteps = 1, Escalation = Restless }, new Backsolve(), events, folder);

        // The first batch has the gradient that its certificate asked for: as if there had never been another.
        Assert.Equal(Train(Options, new DiscreteAdjoint()), escalated);
        Assert.NotEqual(Train(Options, new TruncatedAdjoint()), escalated);
        Assert.Equal(["truncated(1)", .. Enumerable.Repeat("discrete adjoint", 3)], events.OfType<TrainingEvent.FlowGradientCertified>().Select(each => each.Certificate.Label));
        Assert.Empty(events.OfType<TrainingEvent.GradientCertified>());
        TrainingEvent.GradientChanged change = Assert.Single(events.OfType<TrainingEvent.GradientChanged>());
        Assert.Equal((1, 0, 1, new DiscreteAdjoint()), (change.Change.Step, change.Change.From, change.Change.To, change.FlowGradient));

        CertificateHistory history = CertificateHistory.Read(folder["history.jsonl"]);
        Assert.Equal([change.Change], history.Changes);
        Assert.Equal([0, 1, 1, 1], history.Certificates.Select(record => record.Level));
        Assert.True(history.Certificates[0].Cosine < 0.9999);
        Assert.All(history.Certificates.Skip(1), record => Assert.Equal(1, record.Cosine, 1e-9));
        Assert.All(history.Certificates, record => Assert.InRange(record.DiscretisationError!.Value, 0, 0.01));
        Assert.All(history.Certificates, record => Assert.True(double.IsNaN(record.Factor) && double.IsNaN(record.ReferenceResidual)));
    }

    [Fact]
    public void A_policy_that_is_content_trains_with_its_first_gradient()
    {
        EscalationPolicy content = Restless with { RaiseBelow = -1 };
        Assert.Equal(
            Train(Options, new TruncatedAdjoint()),
            Train(Options with { CertificateSteps = 1, Escalation = content }, new DiscreteAdjoint()));
    }

    [Fact]
    public void A_run_with_certificates_of_flows_has_the_weights_of_one_without_and_may_be_interrupted()
    {
        using TemporaryFolder whole = new(), parts = new();
        Assert.Equal(Train(Options, new TruncatedAdjoint()), Train(Options with { CertificateSteps = 2 }, new TruncatedAdjoint()));
        TrainingOptions options = Options with { CertificateSteps = 1, Escalation = Restless };
        byte[] expected = Train(options, new Backsolve(), folder: whole);
        Assert.Equal(expected, Train(options, new Backsolve(), folder: parts, stopAfter: 1));
        Assert.Equal(CertificateHistory.Read(whole["history.jsonl"]).Certificates, CertificateHistory.Read(parts["history.jsonl"]).Certificates);
    }

    [Fact]
    public void Of_a_model_with_both_the_worse_certificate_decides()
    {
        List<TrainingEvent> events = [];
        EscalationPolicy policy = Restless with { Gradients = [new ImplicitGradient(), new ImplicitGradient(), new ImplicitGradient()] };
        Train(Options with { CertificateSteps = 1, Escalation = policy }, new Backsolve(), events, hasFixedPoint: true);
        Assert.Equal(4, events.OfType<TrainingEvent.FlowGradientCertified>().Count());
        Assert.Equal(4, events.OfType<TrainingEvent.GradientCertified>().Count());
        Assert.All(events.OfType<TrainingEvent.GradientCertified>(), each => Assert.True(each.Certificate.Gradient.Cosine > 0.999, each.Certificate.ToString()));
        Assert.Equal((0, 1), Assert.Single(events.OfType<TrainingEvent.GradientChanged>().Select(each => (each.Change.From, each.Change.To))));
    }

    /// <summary>The weights at the end.</summary>
    private static byte[] Train(
        TrainingOptions options, FlowGradient own, List<TrainingEvent>? events = null, TemporaryFolder? folder = null, int? stopAfter = null,
        bool hasFixedPoint = false)
    {
        for (int part = 0; ; part++)
        {
            using DisposeScope scope = NewDisposeScope();
            random.manual_seed(1);
            FlowLayer layer = new(nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)));
            layer.Settings = layer.Settings with { Gradient = own };
            using nn.Module<Tensor, Tensor> model = hasFixedPoint
                ? nn.Sequential(layer, new ImplicitLayer(new ContractionOperator(new BoundedLinear(2, 2), gamma: 0.5)))
                : nn.Sequential(layer, nn.Linear(2, 2));
            Tensor table = randn(32, 2), answers = table.flip(1) * 2;
            using Trainer trainer = new(
                model, new Regression(), BatchSource.From(table, answers, batchSize: 16), null, options, folder is null ? null : new RunFolder(folder.Path));
            if (part > 0)
            {
                Assert.True(trainer.Resume());
            }

            using CancellationTokenSource source = new();
            int steps = 0;
            TrainingResult result = trainer.Run(
                new Listener(happened =>
                {
                    events?.Add(happened);
                    if (happened is TrainingEvent.StepFinished && part == 0 && ++steps == stopAfter)
                    {
                        source.Cancel();
                    }
                }),
                source.Token);
            Assert.Equal(own, layer.Settings.Gradient);
            if (result.IsComplete || stopAfter is null)
            {
                return [.. model.parameters().SelectMany(parameter => parameter.bytes.ToArray())];
            }
        }
    }

    private sealed class Listener(Action<TrainingEvent> listen) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value) => listen(value);
    }
}
