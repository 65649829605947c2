using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// A gradient in one run of a model: attaches as that gradient does, at the value R(u*, q) whatever the gradient, so that the runs which
/// are compared differ in the direction alone; and takes down what comes to the solve and what is sent through it.
/// </summary>
/// <param name="solve">The solve.</param>
/// <param name="inner">The gradient.</param>
/// <param name="isReference">Whether the run is the exact one, which the solve keeps its map of.</param>
internal sealed record WatchedGradient(CertifiedSolve solve, FixedPointGradient inner, bool isReference) : FixedPointGradient, IDisposable
{
    private bool _isClosed;

    /// <summary>What came to the solve: g, [batch, ...]; null where nothing was taken down.</summary>
    public Tensor? Gradient { get; private set; }

    /// <summary>What was sent through it.</summary>
    public Tensor? Direction { get; private set; }

    /// <summary>The latent itself, where nothing before it is trained: what comes to it is the gradient of this.</summary>
    public Tensor? Leaf { get; private set; }

    /// <inheritdoc/>
    protected internal override string Label => inner.Label;

    /// <summary>Takes nothing down any more.</summary>
    /// <param name="came">What came to the leaf, where there is one.</param>
    public void Close(Tensor? came)
    {
        Gradient ??= came?.detach().clone().DetachFromDisposeScope();
        _isClosed = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Gradient?.Dispose();
        Direction?.Dispose();
        Leaf?.Dispose();
    }

    /// <inheritdoc/>
    protected override Tensor AttachCore(FixedPointMap map, FixedPointSolution solution, GradientReport report)
    {
        using DisposeScope scope = NewDisposeScope();
        if (isReference)
        {
            solve.Keep(map, solution.Latent);
        }

        Tensor attached = inner is AdjointGradient adjoint ? Recorded(adjoint, map, solution, report) : AtValue(map, solution, report);
        if (!attached.requires_grad)
        {
            Leaf = attached.detach().requires_grad_().DetachFromDisposeScope();
            attached = Leaf.alias();
        }

        return attached.MoveToOuterDisposeScope();
    }

    private Tensor Recorded(AdjointGradient adjoint, FixedPointMap map, FixedPointSolution solution, GradientReport report)
    {
        adjoint.EnsureUsable(solution);
        return new RecordedDirection(this, adjoint).Attach(map, solution, report);
    }

    private Tensor AtValue(FixedPointMap map, FixedPointSolution solution, GradientReport report)
    {
        Tensor attached = inner.Attach(map, solution, report);
        using IDisposable noGraph = no_grad();
        Tensor apart = LatentContract.EvaluateCopy(map, solution.Latent) - attached;
        using IDisposable graph = enable_grad();
        return attached + apart;
    }

    private void Take(Tensor gradient, Tensor direction)
    {
        if (!_isClosed)
        {
            Gradient?.Dispose();
            Direction?.Dispose();
            Gradient = gradient.detach().clone().DetachFromDisposeScope();
            Direction = direction.detach().clone().DetachFromDisposeScope();
        }
    }

    private sealed record RecordedDirection(WatchedGradient Watched, AdjointGradient Inner) : AdjointGradient
    {
        protected internal override bool NeedsInverse => Inner.NeedsInverse;

        protected internal override bool NeedsJacobian => Inner.NeedsJacobian;

        internal override (LinearSolver Solver, double? RelativeTolerance) Exact => Inner.Exact;

        public override Tensor Direction(AdjointContext at)
        {
            Tensor direction = Inner.Direction(at);
            Watched.Take(at.Gradient, direction);
            return direction;
        }
    }
}
