using System.Globalization;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// Differentiates through steps of the iteration itself: from u*, held constant, Steps applications of R in the graph.
/// </summary>
/// <remarks>
/// The gradient approaches the exact one like gamma^Steps, and so do derivatives of any order. The value of the latent is the one after the
/// steps. Memory is that of about <c>2 sqrt(Steps)</c> layers: only every sqrt(Steps)-th latent is kept, and the backward pass evaluates
/// the steps between them once more (Chen, Xu, Zhang and Guestrin, 2016), <c>2 Steps</c> evaluations in all. A map that does not say which
/// parameters it computes with (<see cref="MapInputs.Parameters"/>) is unrolled plainly, with the memory of Steps layers.
/// </remarks>
public sealed record UnrolledGradient : FixedPointGradient
{
    /// <summary>Applications of R in the graph, k; at least 1; default 20.</summary>
    public int Steps
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Steps), value,
            "Unrolling needs at least 1 step.");
    } = 20;

    /// <inheritdoc/>
    protected internal override string Label => string.Create(CultureInfo.InvariantCulture, $"unrolled({Steps})");

    /// <inheritdoc/>
    protected override Tensor AttachCore(FixedPointMap map, FixedPointSolution solution, GradientReport report)
    {
        using DisposeScope scope = NewDisposeScope();
        int length = map.Inputs.ParameterList is null ? Steps : (int)Math.Ceiling(Math.Sqrt(Steps));
        Tensor latent = solution.Latent;
        for (int done = 0; done < Steps; done += length)
        {
            int steps = Math.Min(length, Steps - done);

            // The last segment's graph would be made again at once by the backward pass: it is kept from the beginning.
            latent = done + steps == Steps ? SegmentPass.Evaluate(map, latent, steps) : SegmentPass.Attach(map, latent, steps, report);
        }

        return latent.MoveToOuterDisposeScope();
    }
}
