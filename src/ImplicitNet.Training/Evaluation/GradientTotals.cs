using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;

namespace ImplicitNet.Training.Evaluation;

/// <summary>Sums of gradient reports over many batches.</summary>
public sealed class GradientTotals
{
    /// <summary>Creates totals of no backward passes.</summary>
    public GradientTotals()
    {
    }

    /// <summary>Sums carried on from an interrupted run.</summary>
    internal GradientTotals(long products, long failures, long fallBacks) =>
        (Products, Failures, FallBacks) = (products, failures, fallBacks);

    /// <summary>Products with J or its transpose, each counted once for every sample in it, as evaluations are.</summary>
    public long Products { get; private set; }

    /// <summary>
    /// Samples whose adjoint solve ended without meeting its tolerance; only <see cref="ImplicitGradient"/> promises to meet one.
    /// </summary>
    public long Failures { get; private set; }

    /// <summary>Samples that got JFB's direction instead of the one asked for.</summary>
    public long FallBacks { get; private set; }

    /// <summary>Adds the backward pass of one batch.</summary>
    /// <param name="report">What the pass did; read after it.</param>
    /// <param name="gradient">The gradient that made it.</param>
    public void Add(GradientReport report, FixedPointGradient gradient)
    {
        ArgumentNullException.ThrowIfNull(report);
        Products += report.Products;
        FallBacks += report.FallBacks;
        if (gradient is ImplicitGradient && !report.AllConverged)
        {
            Failures += report.Samples.Count(sample => sample.Status != LinearStatus.Converged);
        }
    }
}
