using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>What the trainer measures of its gradient on the way.</summary>
public sealed class GradientMeasurementTests : TensorTest
{
    private static readonly DataSplits Data = StrokeDigits.Generate(new StrokeDigitsOptions { TrainCount = 90, ValidationCount = 20, TestCount = 10 });

    [Fact]
    public void Measuring_changes_no_weight_and_is_not_in_the_time()
    {
        (byte[] plain, _) = Train(new JacobianFreeGradient(), null);
        (byte[] probed, EpochRecord[] epochs) = Train(new JacobianFreeGradient(), new GradientProbe { TimesPerEpoch = 3, Samples = 10 });
        Assert.Equal(plain, probed);
        Assert.All(epochs, epoch => Assert.InRange(epoch.Cosine!.Value, 0.3, 0.9999));
    }

    [Fact]
    public void The_exact_gradient_is_its_own_and_a_longer_series_is_nearer()
    {
        GradientProbe probe = new() { TimesPerEpoch = 1 };
        double Cosine(FixedPointGradient gradient) => Train(gradient, probe).Epochs[^1].Cosine!.Value;
        Assert.Equal(1, Cosine(new ImplicitGradient()), 6);
        (double none, double one, double four) = (Cosine(new NeumannGradient { Terms = 0 }), Cosine(new NeumannGradient { Terms = 1 }), Cosine(new NeumannGradient { Terms = 4 }));
        Assert.True(none < one && one < four && four <= 1 + 1e-9, $"{none}, {one}, {four}");
    }

    [Fact]
    public void Products_failures_and_the_parts_of_the_time_are_in_the_epochs_across_a_resume()
    {
        // One product is never enough: every sample fails, and says so.
        ImplicitGradient poor = new() { Solver = new GmresSolver { MaxProducts = 1 }, RelativeTolerance = 1e-6 };
        GradientProbe probe = new() { TimesPerEpoch = 3, Samples = 10 };
        (_, EpochRecord[] whole) = Train(poor, probe);
        (_, EpochRecord[] parts) = Train(poor, probe, stopAfter: 2);
        Assert.Equal(whole.Select(Timeless), parts.Select(Timeless));
        Assert.All(parts, epoch => Assert.Equal((180, 90, 0), (epoch.Products, epoch.AdjointFailures, epoch.FallBacks)));
        Assert.All(parts, epoch =>
        {
            EpochTimes times = epoch.Times!.Value;
            Assert.True(times is { Forward: > 0, Backward: > 0, Optimizer: > 0, Validation: > 0 });
            Assert.InRange(times.Forward + times.Backward + times.Optimizer + times.Validation, 0.2 * epoch.Seconds!.Value, epoch.Seconds.Value);
            Assert.InRange(epoch.PeakMemoryBytes!.Value, 1 << 20, 1L << 40);
        });

        static EpochRecord Timeless(EpochRecord epoch) => epoch with { Seconds = null, Times = null, PeakMemoryBytes = null };
    }

    [Fact]
    public void That_a_refinement_runs_out_of_products_is_no_failure() =>
        Assert.All(Train(new RefinedGradient { Products = 1 }, null).Epochs, epoch => Assert.Equal((0, null), (epoch.AdjointFailures, epoch.Cosine)));

    [Theory]
    [InlineData(1, 3, new[] { 3 })]
    [InlineData(2, 5, new[] { 3, 5 })]
    [InlineData(4, 3, new[] { 1, 2, 3 })]
    public void Measurements_are_spread_and_the_last_is_at_the_end(int times, int steps, int[] expected)
    {
        GradientProbe probe = new() { TimesPerEpoch = times };
        Assert.Equal(expected, Enumerable.Range(1, steps).Where(step => probe.IsDue(step, steps)));
    }

    [Fact]
    public void The_defaults_of_a_probe_are_pinned_and_bad_values_refused()
    {
        Assert.Equal((4, 32), (new GradientProbe().TimesPerEpoch, new GradientProbe().Samples));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientProbe { TimesPerEpoch = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientProbe { Samples = 0 });
    }

    private static (byte[] Weights, EpochRecord[] Epochs) Train(FixedPointGradient gradient, GradientProbe? probe, int? stopAfter = null)
    {
        using TemporaryFolder folder = new();
        for (int part = 0; ; part++)
        {
            using DisposeScope scope = NewDisposeScope();
            random.manual_seed(1);
            using ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { Gamma = 0.9 });
            network.Gradient = gradient;
            network.OnFailure = new MaskFailures();
            using CancellationTokenSource source = new();
            using Trainer trainer = new(network, new Classification(), Source(Data.Train), Source(Data.Validation), new TrainingOptions { Epochs = 2 }, new RunFolder(folder.Path)) { Probe = probe };
            Assert.Equal(part > 0, trainer.Resume());
            int steps = 0;
            TrainingResult result = trainer.Run(new Listener(happened =>
            {
                if (happened is TrainingEvent.StepFinished && part == 0 && ++steps == stopAfter)
                {
                    source.Cancel();
                }
            }), source.Token);
            if (result.IsComplete)
            {
                using MemoryStream stream = new();
                SafetensorsFile.Write(stream, network.state_dict());
                EpochRecord[] epochs = [.. RunHistory.ReadEpochs(folder["history.jsonl"])];
                Assert.Equal([1, 2], epochs.Select(epoch => epoch.Epoch));
                return (stream.ToArray(), epochs);
            }
        }
    }

    private static ImageBatches Source(ImageDataset data) => new(data, new BatchOptions { Normalization = PixelNormalization.Of(Data.Train), BatchSize = 30 });

    private sealed class Listener(Action<TrainingEvent> listen) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value) => listen(value);
    }
}
