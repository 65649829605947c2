using ImplicitNet.Benchmarks.Naive;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>
/// How far the latents that a procedure goes on with are from their fixed points: <c>||R(u, q) - u||</c> of every sample, in
/// the norms of both procedures, measured by one more evaluation outside the time.
/// </summary>
/// <param name="Relative">Over the whole latent of a sample, as a share of <c>||u||</c>.</param>
/// <param name="Absolute">Over the whole latent of a sample.</param>
/// <param name="Channels">The largest over the pixels of the norm over the channels, as the published code measures.</param>
/// <param name="WholeBatch">Over the latents of all samples at once, as a share of their norm.</param>
internal sealed record LatentResiduals(double[] Relative, double[] Absolute, double[] Channels, double WholeBatch)
{
    /// <summary>Of the naive procedure, in the mode that the network is in.</summary>
    public static LatentResiduals Of(NaiveNetwork network, Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor q = network.Encode(images);
        Tensor u = network.Solve(q);
        return Of(u, network.Apply(u, q));
    }

    /// <summary>Of a network of the library, in the mode that it is in.</summary>
    public static LatentResiduals Of(ImplicitNetwork network, Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor q = network.Encoder.call(images);
        using FixedPointMap map = network.Layer.Operator.Bind(q);
        using FixedPointSolution solution =
            FixedPoint.Solve(map, network.Layer.Operator.StartingLatent(q), network.Solver, network.Stopping);
        return Of(solution.Latent, map.Evaluate(solution.Latent));
    }

    /// <summary>The same of several batches, one after the other.</summary>
    public static LatentResiduals Join(IEnumerable<LatentResiduals> batches)
    {
        LatentResiduals[] all = [.. batches];
        return new LatentResiduals(
            [.. all.SelectMany(one => one.Relative)], [.. all.SelectMany(one => one.Absolute)], [.. all.SelectMany(one => one.Channels)],
            all.Average(one => one.WholeBatch));
    }

    /// <summary>Both sides in few numbers.</summary>
    public static IReadOnlyList<Fact> Compare(LatentResiduals baseline, LatentResiduals candidate) =>
    [
        .. Both("relative residual of a sample", baseline.Relative, candidate.Relative),
        .. Both("absolute residual of a sample", baseline.Absolute, candidate.Absolute),
        new Fact("its norm over channels, largest", baseline.Channels.Max(), candidate.Channels.Max()),
        new Fact("share of samples with the same or a smaller relative residual", null, Share(baseline.Relative, candidate.Relative)),
        new Fact("share of samples with the same or a smaller absolute residual", null, Share(baseline.Absolute, candidate.Absolute)),
    ];

    private static Fact[] Both(string name, double[] baseline, double[] candidate)
    {
        (Measurement.Spread other, Measurement.Spread own) = (Measurement.Spread.Of(baseline), Measurement.Spread.Of(candidate));
        return [new Fact($"{name}, median", other.Median, own.Median), new Fact($"{name}, largest", other.Largest, own.Largest)];
    }

    private static double Share(double[] baseline, double[] candidate) =>
        baseline.Zip(candidate, (other, own) => own <= other).Average(isSmaller => isSmaller ? 1.0 : 0.0);

    private static LatentResiduals Of(Tensor u, Tensor mapped)
    {
        Tensor residual = mapped - u;
        Tensor norms = linalg.vector_norm(residual, 2, [1, 2, 3]);
        Tensor sizes = linalg.vector_norm(u, 2, [1, 2, 3]);
        Tensor pixels = linalg.vector_norm(residual, 2, [1]).amax([1, 2]);
        return new LatentResiduals(Numbers(norms / sizes), Numbers(norms), Numbers(pixels), (residual.norm() / u.norm()).ToDouble());
    }

    private static double[] Numbers(Tensor values) => [.. values.to(ScalarType.Float64).data<double>()];
}
