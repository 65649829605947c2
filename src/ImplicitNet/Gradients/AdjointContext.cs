using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>What an <see cref="AdjointGradient"/> computes its direction from, in one backward pass, which owns the tensors.</summary>
public sealed class AdjointContext
{
    /// <summary>What to do about a map that hides its graph.</summary>
    internal const string Advice =
        $"Take it out of the map, or choose {nameof(JacobianFreeGradient)}, "
        + "which differentiates one application of the map alone and needs no Jacobian.";

    private readonly Linearization? _linearization;

    /// <summary>Puts it together.</summary>
    /// <param name="gradient">g: [batch, ...], without a graph.</param>
    /// <param name="linearization">I - J at u*; null for a gradient that needs no Jacobian.</param>
    /// <param name="inverse">What the solver learned of its inverse; null where nothing is kept.</param>
    /// <param name="report">Told how solves went.</param>
    internal AdjointContext(Tensor gradient, Linearization? linearization, LowRankInverse? inverse, GradientReport report)
    {
        Gradient = gradient;
        _linearization = linearization;
        Inverse = inverse;
        Report = report;
    }

    /// <summary>g, the gradient of the loss in the attached latent: [batch, ...], in the dtype of the latents, without a graph.</summary>
    public Tensor Gradient { get; }

    /// <summary>I - J, J = dR/du at u*. The map is evaluated when the first product asks for it.</summary>
    /// <exception cref="InvalidOperationException">The gradient has declared that it needs no Jacobian.</exception>
    public Linearization Linearization => _linearization
        ?? throw new InvalidOperationException(
            $"The gradient's {nameof(AdjointGradient.NeedsJacobian)} is false: there is no linearization.");

    /// <summary>What the solver learned of <c>(I - J)^-1</c>; null for an empty batch, and where it was not asked for.</summary>
    public LowRankInverse? Inverse { get; }

    /// <summary>Told how solves went.</summary>
    internal GradientReport Report { get; }

    /// <summary>Solves <c>(I - J^T) w = g</c>, and records in the report how every sample ended.</summary>
    /// <remarks>
    /// A sample whose g, or whose products with J, are not finite gets NaN: a linear solver would return its last finite vector, and the
    /// gradients would not show that the loss of that sample is NaN.
    /// </remarks>
    /// <param name="solver">The method.</param>
    /// <param name="relativeTolerance">Share of ||g||, in [0, 1); null: 1e-10 for float64 latents, 1e-5 for others.</param>
    /// <param name="start">w to start from, [batch, ...]; null for zeros.</param>
    /// <returns>w: the shape and dtype of g. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The start differs from g in shape, dtype or device.</exception>
    /// <exception cref="InvalidOperationException">The map hides its graph, or autograd cannot differentiate it.</exception>
    public Tensor Solve(LinearSolver solver, double? relativeTolerance = null, Tensor? start = null)
    {
        ArgumentNullException.ThrowIfNull(solver);
        using TransposedOperator adjoint = new(Linearization);
        return Solve(solver, adjoint, relativeTolerance, start);
    }

    /// <summary>Solves with I - J instead: what the derivative of the adjoint solve asks for.</summary>
    internal Tensor SolveForward(LinearSolver solver, double? relativeTolerance) =>
        Solve(solver, Linearization, relativeTolerance, start: null);

    /// <summary>
    /// Improves a direction by a few steps of the adjoint solve; a sample for which they made it worse keeps the old one.
    /// </summary>
    /// <param name="solver">Whose steps.</param>
    /// <param name="products">How many products; 0 returns the start.</param>
    /// <param name="start">w: [batch, ...].</param>
    /// <returns>[batch, ...]. The caller owns it.</returns>
    internal Tensor Refine(LinearSolver solver, int products, Tensor start) => products == 0
        ? start.alias()
        : Solve(solver.WithMaxProducts(products), Precision.Of(Gradient.dtype).LeastResidual, start);

    private Tensor Solve(LinearSolver solver, LinearOperator linear, double? relativeTolerance, Tensor? start)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rightSide = Linearization.Flatten(Gradient);
        Tensor? from = start is null ? null : Linearization.Flatten(start);
        LinearTolerance tolerance = new(relativeTolerance ?? Precision.Of(Gradient.dtype).LinearTolerance);
        using LinearSolution solution = solver.Solve(linear, rightSide, [.. Enumerable.Repeat(tolerance, (int)rightSide.shape[0])], from);
        Report.Solved(solution.Samples);
        bool[] isLost = [.. solution.Samples.Select(sample => sample.Status == LinearStatus.NonFinite)];
        Tensor vectors = isLost.Contains(true)
            ? where(tensor(isLost, device: rightSide.device).unsqueeze(1), full_like(solution.Vectors, double.NaN), solution.Vectors)
            : solution.Vectors;
        return Linearization.Restore(vectors).clone().MoveToOuterDisposeScope();
    }
}
