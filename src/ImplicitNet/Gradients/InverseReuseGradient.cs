using System.Globalization;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// Reuses what the solver learned of the inverse: <c>w = M^T g</c>, M the low-rank <c>(I - J)^-1</c> of <see cref="BroydenSolver"/> at the
/// end of the solve.
/// </summary>
/// <remarks>
/// No products with J^T at all, unless refined (Ramzi, Mannel, Bai, Starck, Ciuciu and Moreau, ICLR 2022). M is right along the steps that
/// the solver took and a multiple of the identity elsewhere, so it may be far off for g: a sample whose w is out of proportion gets JFB's
/// direction, and the report counts it. Needs a <see cref="BroydenSolver"/> with <see cref="BroydenSolver.KeepInverse"/> and a
/// <see cref="BroydenSolver.Memory"/> above the steps of a solve, first in a <see cref="SolverChain"/>: a sample that another solver took
/// over has that solver's inverse, or none, and then JFB's direction.
/// </remarks>
public sealed record InverseReuseGradient : AdjointGradient
{
    /// <summary>
    /// <c>||w|| / ||g||</c> above which a sample falls back to JFB; above 1; default 10, dimensionless: what the inverse of a
    /// contraction by 0.9 can reach.
    /// </summary>
    public double LargestRatio
    {
        get;
        init => field = value > 1 ? value : throw new ArgumentOutOfRangeException(nameof(LargestRatio), value,
            "The largest ratio must be above 1.");
    } = 10;

    /// <summary>Products with J^T that improve w afterwards; at least 0; default 0.</summary>
    public int Products
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(Products), value,
            "A refinement has at least 0 products.");
    }

    /// <summary>The solver whose steps improve w; its own limit of products is replaced; default <see cref="GmresSolver"/>.</summary>
    public LinearSolver Solver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    } = new GmresSolver();

    /// <inheritdoc/>
    protected internal override string Label =>
        Products == 0 ? "inverse reuse" : string.Create(CultureInfo.InvariantCulture, $"inverse reuse({Products})");

    /// <inheritdoc/>
    protected internal override bool NeedsInverse => true;

    /// <inheritdoc/>
    protected internal override bool NeedsJacobian => Products > 0;

    /// <inheritdoc/>
    public override Tensor Direction(AdjointContext at)
    {
        if (at.Inverse is not { } inverse)
        {
            // An empty batch: no sample, no inverse.
            return at.Gradient;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor vector = at.Gradient.to(inverse.Dtype);
        Tensor guess = at.Linearization.Flatten(inverse.ApplyTransposed(vector));
        Tensor plain = at.Linearization.Flatten(at.Gradient);

        // Written so that a ratio that is NaN is out of proportion too.
        Tensor length = linalg.vector_norm(guess, 2, [1], keepdim: true);
        Tensor isUsable = length <= (linalg.vector_norm(plain, 2, [1], keepdim: true) * LargestRatio);
        at.Report.FellBack((int)isUsable.logical_not().sum().ToInt64());
        Tensor direction = at.Linearization.Restore(where(isUsable, guess, plain));
        return at.Refine(Solver, Products, direction).MoveToOuterDisposeScope();
    }
}
