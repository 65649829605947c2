using System.Diagnostics;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>
/// What an epoch cannot take less than: every image once through encoder and readout with one step of the solve, and no backward pass. It
/// is measured in a second or two, before a calibration that takes minutes.
/// </summary>
internal static class LeastCost
{
    // On a machine that others use too, the fastest of many is what it can do; of three it may be ten times that.
    private const int LeastTrials = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Seconds of an epoch with its validation and test, at least.</summary>
    public static double SecondsPerEpoch(RunSettings settings, LoadedData data)
    {
        using ImplicitNetwork network = settings.ToModelConfig(data).CreateNetwork();
        Device device = DeviceChoice.Open(settings.Device);
        network.to(device);
        network.eval();
        network.Stopping = network.Stopping with { MaxSteps = 1 };
        network.OnFailure = new WarnOnFailure { Warn = static _ => { } };
        ImageBatches source = new(data.Splits.Train, settings.ToBatchOptions(data, device));
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = source.First(Math.Min(settings.Batch, data.Splits.Train.Count));
        double fastest = double.PositiveInfinity;
        long first = Stopwatch.GetTimestamp();
        for (int trial = 0; trial < LeastTrials || Stopwatch.GetElapsedTime(first) < Patience; trial++)
        {
            long begin = Stopwatch.GetTimestamp();
            using ImplicitResult result = network.Run(batch.Inputs);
            _ = result.Output.sum().item<float>();
            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(begin).TotalSeconds);
        }

        long images = data.Splits.Train.Count + data.Splits.Validation.Count + data.Splits.Test.Count;
        return fastest / batch.Count * images;
    }
}
