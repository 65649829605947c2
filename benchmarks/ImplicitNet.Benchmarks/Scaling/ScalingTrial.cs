using System.Diagnostics;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Kernels;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Training.History;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Scaling;

/// <summary>Time and memory of training by JFB and of inference at given sizes, for a process of its own.</summary>
/// <remarks>
/// The map is <c>u -> 0.999 P u + q</c>, P a permutation of the channels and q above 0: an operator that a
/// <see cref="ContractionOperator"/> can hold, whose residual falls by a thousandth a step, so that every sample takes exactly
/// the steps asked for.
/// </remarks>
internal static class ScalingTrial
{
    /// <summary>
    /// Most steps that the map can be held to: at 846, with the sizes of MNIST's network, float32 had nothing left to change.
    /// </summary>
    public const int MostSteps = 500;

    private const double Gamma = 0.999;
    private const int WarmUp = 2;
    private const int Least = 5;
    private const double SecondsForEach = 0.5;

    // Until the runtime has compiled what is called often; meanwhile its compiler takes a core.
    private const double SecondsToCompile = 1;

    /// <summary>Measures in this process.</summary>
    /// <exception cref="InvalidOperationException">A sample took another number of steps.</exception>
    public static ScalingMeasurement Run(ScalingPoint point)
    {
        ThreadCount.Set(point.Threads);
        random.manual_seed(1);
        long before = ProcessMemory.Peak();
        using ImplicitNetwork network = Network(point);
        using AdamW optimizer = new(network.parameters(), lr: 1e-9);
        using Tensor images = rand(point.Batch, point.Side, point.Side, 1).permute(0, 3, 1, 2);
        Action train = () => Train(network, optimizer, images, point.Steps);

        // Before the clock starts: how many runs the time allows must not show in the memory.
        Repeat(WarmUp, train);
        long peak = ProcessMemory.Peak();
        double training = Median(train);
        network.eval();
        Action infer = () => Infer(network, images);
        Repeat(WarmUp, infer);
        return new ScalingMeasurement(point, training, Median(infer), peak, before);
    }

    private static void Train(ImplicitNetwork network, AdamW optimizer, Tensor images, int steps)
    {
        using DisposeScope scope = NewDisposeScope();
        optimizer.zero_grad();
        using ImplicitResult result = network.Run(images);
        if (result.Report.Samples.Any(sample => sample.Steps != steps))
        {
            throw new InvalidOperationException($"The solve was to take {steps} steps for every sample; it did not: {result.Report}");
        }

        result.Output.square().mean().backward();
        result.Gradient.ThrowIfFailed();
        optimizer.step();
    }

    private static void Infer(ImplicitNetwork network, Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitResult result = network.Run(images);
    }

    private static void Repeat(int count, Action action)
    {
        for (int i = 0; i < count; i++)
        {
            action();
        }
    }

    private static double Median(Action action)
    {
        List<double> seconds = [];
        for (long warm = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(warm).TotalSeconds < SecondsToCompile;)
        {
            action();
        }

        long begin = Stopwatch.GetTimestamp();
        while (seconds.Count < Least || Stopwatch.GetElapsedTime(begin).TotalSeconds < SecondsForEach)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return Spread.Of(seconds).Median;
    }

    private static ImplicitNetwork Network(ScalingPoint point)
    {
        BoundedConvolution permutation = new(point.Channels, point.Channels, kernelSize: 3, imageSize: (point.Side, point.Side));
        using DisposeScope scope = NewDisposeScope();
        using (no_grad())
        {
            Tensor weight = permutation.parameters().Single();
            weight.zero_();
            weight[.., .., 1, 1] = eye(point.Channels).roll([1], [0]);
        }

        Sequential encoder = nn.Sequential(("convolution", nn.Conv2d(1, point.Channels, 3, padding: 1)), ("positive", nn.Softplus()));
        Sequential readout = nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(point.Channels * point.Side * point.Side, 10)));
        return new ImplicitNetwork(encoder, new ContractionOperator(permutation, Gamma, LatentActivation.LeakyRelu()), readout)
        {
            // Never met: the solve ends with its last step, and is used as it is.
            Stopping = new StoppingRule { RelativeTolerance = 1e-7, MaxSteps = point.Steps, Patience = MostSteps },
            OnFailure = new WarnOnFailure { Warn = static _ => { } },
        };
    }
}
