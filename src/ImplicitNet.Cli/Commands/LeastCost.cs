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
    private const int Trials = 3;

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
        for (int trial = 0; trial <= Trials; trial++)
        {
            long begin = Stopwatch.GetTimestamp();
            using ImplicitResult result = network.Run(batch.Inputs);
            _ = result.Output.sum().item<float>();

            // The first pays for what is compiled and allocated once.
            fastest = trial == 0 ? fastest : Math.Min(fastest, Stopwatch.GetElapsedTime(begin).TotalSeconds);
        }

        long images = data.Splits.Train.Count + data.Splits.Validation.Count + data.Splits.Test.Count;
        return fastest / batch.Count * images;
    }
}
