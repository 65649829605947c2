using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Robustness;

/// <summary>
/// Looks for a sample of another class within a radius in L2: projected gradient descent on the margin (Madry, Makelov, Schmidt, Tsipras
/// and Vladu, ICLR 2018), by the exact gradient of the network, from the sample itself and from random places, towards several classes.
/// </summary>
internal static class GradientAttack
{
    private const int Steps = 50;

    // On the way: a direction need not be exact, and who is beaten is judged by the network's own rule.
    private const double LooseTolerance = 1e-3;

    // Of the radius: what rounding may add when a place is written in its dtype is far less.
    private const double Within = 1 - 1e-6;

    /// <summary>Attacks every sample.</summary>
    /// <param name="network">In evaluation mode, without parameters that require gradients.</param>
    /// <param name="data">[batch, ...].</param>
    /// <param name="classes">What each sample must lose.</param>
    /// <param name="radii">How far each may be moved.</param>
    /// <param name="restarts">Attacks of each sample.</param>
    /// <returns>For each sample whether a place that is near enough has another class; null where the solve there failed.</returns>
    public static bool?[] Run(ImplicitNetwork network, Tensor data, IReadOnlyList<int> classes, IReadOnlyList<double> radii, int restarts)
    {
        using DisposeScope scope = NewDisposeScope();
        int count = classes.Count;
        Tensor centre = cat([.. Enumerable.Repeat(data, restarts)], 0);
        long[] wide = [count * restarts, .. Enumerable.Repeat(1L, (int)data.ndim - 1)];
        Tensor radius = tensor([.. Enumerable.Repeat(radii, restarts).SelectMany(one => one)], wide, data.dtype) * Within;
        Tensor own = tensor([.. Enumerable.Repeat(classes, restarts).SelectMany(one => one.Select(c => (long)c))], [count * restarts, 1]);
        Tensor first = randn_like(centre);
        first = first / Length(first) * radius * rand(wide, data.dtype);
        first.narrow(0, 0, count).zero_();
        (Tensor place, Tensor best, Tensor least) = (centre + first, centre, full([count * restarts], double.PositiveInfinity, ScalarType.Float64));
        Tensor? target = null;
        SolveSettings loose = network.Settings with { Stopping = new StoppingRule { RelativeTolerance = LooseTolerance, MaxSteps = 100 } };
        for (int step = 0; step <= Steps; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            Tensor at = place.detach().requires_grad_(true);
            using ImplicitResult result = network.Run(at, loose);
            target ??= Targets(result.Output.detach(), own, count, restarts).MoveToOuterDisposeScope();
            Tensor margin = result.Output.gather(1, own).squeeze(1) - result.Output.gather(1, target).squeeze(1);
            Tensor lost = (result.Output.detach().gather(1, own) - Others(result.Output.detach(), own).amax([1], keepdim: true)).squeeze(1).to(ScalarType.Float64);
            Tensor isLess = lost.lt(least);
            (best, least) = (where(isLess.view(wide), at.detach(), best).MoveToOuterDisposeScope(), minimum(lost, least).MoveToOuterDisposeScope());
            margin.sum().backward();
            Tensor way = at.grad!.nan_to_num();
            double share = (0.5 * (1 - (step / (double)Steps))) + 0.01;
            Tensor moved = at.detach() - centre - (way / Length(way) * radius * share);
            place = (centre + (moved * (radius / Length(moved)).clamp_max(1))).MoveToOuterDisposeScope();
        }

        return Judged(network, data, classes, radii, best, restarts);
    }

    private static bool?[] Judged(
        ImplicitNetwork network, Tensor data, IReadOnlyList<int> classes, IReadOnlyList<double> radii, Tensor best, int restarts)
    {
        using IDisposable noGraph = no_grad();
        int count = classes.Count;
        using ImplicitResult result = network.Run(best);
        long[] answers = [.. result.Output.argmax(1).data<long>()];
        double[] apart = [.. linalg.vector_norm(
            (best.to(ScalarType.Float64) - cat([.. Enumerable.Repeat(data, restarts)], 0).to(ScalarType.Float64)).reshape(count * restarts, -1), 2, [1])
            .data<double>()];
        return [.. Enumerable.Range(0, count).Select(sample =>
        {
            int[] tries = [.. Enumerable.Range(0, restarts).Select(restart => (restart * count) + sample)];
            bool[] solved = [.. tries.Select(place => result.Report.Samples[place].Status == SolveStatus.Converged)];
            return tries.Where((place, restart) => solved[restart] && apart[place] <= radii[sample] && answers[place] != classes[sample]).Any() ? true
                : solved.Contains(false) ? null
                : (bool?)false;
        })];
    }

    /// <summary>The class that each attack aims at: the nearest other one, then the next nearest, and so on around.</summary>
    private static Tensor Targets(Tensor outputs, Tensor own, int count, int restarts)
    {
        int others = (int)outputs.shape[1] - 1;
        Tensor order = Others(outputs.narrow(0, 0, count), own.narrow(0, 0, count)).argsort(1, descending: true);
        return cat([.. Enumerable.Range(0, restarts).Select(restart => order.narrow(1, restart % others, 1))], 0);
    }

    private static Tensor Others(Tensor outputs, Tensor own) => outputs.scatter(1, own, full(own.shape, double.NegativeInfinity, outputs.dtype));

    private static Tensor Length(Tensor rows) =>
        linalg.vector_norm(rows.reshape(rows.shape[0], -1), 2, [1]).clamp_min(1e-30).view([rows.shape[0], .. Enumerable.Repeat(1L, (int)rows.ndim - 1)]);
}
