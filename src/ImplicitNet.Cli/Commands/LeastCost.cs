using System.Diagnostics;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Kernels;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>
/// What an epoch cannot take less than: every image once through encoder and readout with one step of the solve, and no backward pass. It
/// is measured in a second or two, before a calibration that takes minutes.
/// </summary>
/// <remarks>
/// Processor time of one thread, shared out among all as if nothing were lost: what else the machine does makes it no longer.
/// </remarks>
internal static class LeastCost
{
    private static readonly TimeSpan EnoughWork = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Seconds of an epoch with its validation and test, at least; 0 where it is not the processor that computes.</summary>
    public static double SecondsPerEpoch(RunSettings settings, LoadedData data)
    {
        if (settings.Device != DeviceChoice.Processor)
        {
            return 0;
        }

        using ImplicitNetwork network = ImplicitImages.Config(settings, data).CreateNetwork();
        network.eval();
        network.Stopping = network.Stopping with { MaxSteps = 1 };
        network.OnFailure = new WarnOnFailure { Warn = static _ => { } };
        ImageBatches source = new(data.Splits.Train, ImageKind.Batches(settings, data, CPU));
        using Batch batch = source.First(Math.Min(settings.Batch, data.Splits.Train.Count));
        int threads = ThreadCount.Get();
        ThreadCount.Set(1);
        try
        {
            // The first pays for what is compiled and allocated once.
            Run(network, batch);
            (long begin, TimeSpan used, int trials) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, 0);
            TimeSpan work;
            do
            {
                Run(network, batch);
                trials++;
                work = Environment.CpuUsage.TotalTime - used;
            }
            while (work < EnoughWork && Stopwatch.GetElapsedTime(begin) < Patience);

            long images = data.Splits.Train.Count + data.Splits.Validation.Count + data.Splits.Test.Count;
            return work.TotalSeconds / trials / batch.Count * images / Math.Max(1, threads);
        }
        finally
        {
            ThreadCount.Set(threads);
        }
    }

    private static void Run(ImplicitNetwork network, Batch batch)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using ImplicitResult result = network.Run(batch.Inputs);
        _ = result.Output.sum().item<float>();
    }
}
