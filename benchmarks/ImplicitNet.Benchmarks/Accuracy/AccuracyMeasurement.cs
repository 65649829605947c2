using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Accuracy;

/// <summary>Trains as <c>implicitnet train</c> does, until a validation accuracy is reached or the epochs are over.</summary>
/// <param name="settings">Those of the command line tool, but for the seed.</param>
/// <param name="data">Of which the test part is not looked at.</param>
/// <param name="target">The accuracy to reach.</param>
internal sealed class AccuracyMeasurement(RunSettings settings, LoadedData data, AccuracyTarget target)
{
    /// <summary>Whether all epochs are trained, also after the target is reached.</summary>
    public bool TrainsToTheEnd { get; init; }

    /// <summary>Trains once.</summary>
    /// <param name="seed">The run's seed.</param>
    public SeedRun Run(long seed)
    {
        RunSettings own = settings with { Seed = seed };
        GradientChoice gradient = GradientChoice.Parse(own.Gradient);
        random.manual_seed(seed);
        using ImplicitNetwork network = ImplicitImages.Config(own, data).CreateNetwork();
        network.Solver = gradient.Fit(SolverChoice.Create(own.Solver, own.Damping, own.Memory), own.Solver);
        network.Gradient = gradient.Gradient;
        network.OnFailure = new MaskFailures();
        BatchOptions batches = ImageKind.Batches(own, data, DeviceChoice.Open(own.Device));
        using Trainer trainer = new(
            network,
            new Classification(),
            new ImageBatches(data.Splits.Train, batches),
            new ImageBatches(data.Splits.Validation, batches),
            own.ToTrainingOptions());
        using CancellationTokenSource end = new();
        TrainingResult training = trainer.Run(TrainsToTheEnd ? null : new EndAtTarget(target, end), end.Token);
        return SeedRun.Of(seed, training.Epochs, target);
    }

    /// <summary>Ends a run after the epoch that reaches the target.</summary>
    private sealed class EndAtTarget(AccuracyTarget target, CancellationTokenSource end) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value)
        {
            if (value is TrainingEvent.EpochFinished { Record.ValidationAccuracy: { } accuracy } && target.IsReachedBy(accuracy))
            {
                end.Cancel();
            }
        }
    }
}
