using System.Globalization;
using ImplicitNet.LinearSolvers;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// JFB, improved: a few steps of the adjoint solve, started from JFB's own direction w = g.
/// </summary>
/// <remarks>
/// With no products it is JFB, with many the exact gradient. The w sent back leaves no more of <c>||g - (I - J^T) w||</c> than JFB's does,
/// whatever the solver: one that does worse is not used for that sample (the refinement of Ramzi et al., ICLR 2022, with a guard). Costs
/// one evaluation and the products in the backward pass. Running out of products is not a failure here; the residuals reached are in
/// <see cref="GradientReport.Samples"/>.
/// </remarks>
public sealed record RefinedGradient : AdjointGradient
{
    /// <summary>Products with J^T, the one that measures JFB's own residual included; at least 0; default 5.</summary>
    public int Products
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(Products), value,
            "A refinement has at least 0 products.");
    } = 5;

    /// <summary>The solver whose steps are made; its own limit of products is replaced; default <see cref="GmresSolver"/>.</summary>
    public LinearSolver Solver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    } = new GmresSolver();

    /// <inheritdoc/>
    protected internal override string Label => string.Create(CultureInfo.InvariantCulture, $"refined({Products})");

    /// <inheritdoc/>
    protected internal override bool NeedsJacobian => Products > 0;

    /// <inheritdoc/>
    public override Tensor Direction(AdjointContext at) => at.Refine(Solver, Products, at.Gradient);
}
