using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers.Loop;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Solves with <c>I - J</c> of a <see cref="SplittingMap"/>, or with its transpose, by a splitting: the backward pass of a monotone
/// operator is a fixed point with the same m and L as the forward one.
/// </summary>
/// <remarks>
/// With <c>J = D W</c>, D the derivative of the activation: <c>w = J^T w + g</c> is <c>w = W^T z + g</c> for the fixed point of
/// <c>z -> D (W^T z + g)</c>, and D, between 0 and 1, is a proximal map at every alpha: <c>D / (D + alpha (1 - D))</c>, also where D
/// is 0 (Winston and Kolter, NeurIPS 2020). The residual of w is at most <c>||W||</c> times that of z; it is measured by a product in the
/// end. Costs what the solver costs, and two products with J.
/// </remarks>
public sealed record SplittingLinearSolver : LinearSolver
{
    /// <summary>The method, such as the one of the forward pass; default <see cref="PeacemanRachfordSolver"/>.</summary>
    public IterativeSolver Solver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    } = new PeacemanRachfordSolver();

    /// <summary>Steps after which a sample is given up; at least 1; default 1000.</summary>
    public int MaxSteps
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxSteps), value, "The step limit must be at least 1.");
    } = 1000;

    internal override LinearSolver WithMaxProducts(int products) => this with { MaxSteps = Math.Max(1, products - 1) };

    internal override LinearSolution Run(LinearSystem system)
    {
        (Linearization linear, bool isTransposed) = system.Linear.Given switch
        {
            Linearization own => (own, false),
            TransposedOperator { Linear: Linearization own } => (own, true),
            _ => throw Refusal(),
        };
        SplittingMap splitting = linear.Splitting ?? throw Refusal();
        Tensor known = system.Start ?? zeros_like(system.RightSide);
        double[] reached = system.Start is null ? [.. system.Scales] : Residuals(system, known);
        bool[] isOpen = [.. reached.Zip(system.Thresholds, system.Scales).Select(x => double.IsFinite(x.Third) && !(x.First <= x.Second))];
        LinearSampleReport[] reports = [.. isOpen.Select((_, i) => Report(
            system, i, system.Start is null ? 0 : 1, double.IsFinite(system.Scales[i]) ? LinearStatus.Converged : LinearStatus.NonFinite,
            reached[i]))];
        if (!isOpen.Contains(true))
        {
            return new LinearSolution(known.alias().DetachFromDisposeScope(), reports, system.Linear.Products);
        }

        // Each sample in units of its threshold: one stopping rule serves them all. Those that have ended are zeros.
        double least = Precision.Of(known.dtype).LeastResidual;
        double[] units = [.. system.Thresholds.Zip(system.Scales, (threshold, scale) => Math.Max(threshold, least * scale))];
        Tensor unit = tensor([.. units.Select((value, i) => isOpen[i] ? value : 1)], known.dtype, known.device).unsqueeze(1);
        Tensor open = tensor(isOpen, device: known.device).unsqueeze(1);
        Tensor rightSide = where(open, system.RightSide / unit, zeros_like(known));
        (FixedPointSolution solution, Tensor rows) = Solve(
            linear, splitting, rightSide, system.Start is null ? null : where(open, known / unit, zeros_like(known)), isTransposed);
        using FixedPointSolution found = solution;
        linear.Charge(found.Report.Evaluations);

        // Where it comes to nothing better, the start, or zeros, are what is known.
        Tensor vectors = rows * unit;
        double[] residuals = Residuals(system, where(vectors.isfinite().all(1, keepdim: true), vectors, zeros_like(vectors)));
        bool[] isFinite = [.. vectors.isfinite().all(1).cpu().data<bool>()];
        bool[] isTaken = [.. isOpen.Select((value, i) => value && isFinite[i] && residuals[i] < reached[i])];
        for (int i = 0; i < isOpen.Length; i++)
        {
            if (isOpen[i])
            {
                SampleReport sample = found.Report.Samples[i];
                double residual = isTaken[i] ? residuals[i] : reached[i];
                reports[i] = Report(
                    system, i, sample.Steps + (system.Start is null ? 1 : 2),
                    residual <= system.Thresholds[i] ? LinearStatus.Converged : Failure(sample.Status), residual);
            }
        }

        Tensor taken = where(tensor(isTaken, device: known.device).unsqueeze(1), vectors, known);
        return new LinearSolution(taken.DetachFromDisposeScope(), reports, system.Linear.Products + found.Report.Evaluations);
    }

    /// <summary>The fixed point for one right side, as rows, and w made of it.</summary>
    private (FixedPointSolution Found, Tensor Rows) Solve(
        Linearization linear, SplittingMap splitting, Tensor rightSide, Tensor? start, bool isTransposed)
    {
        Tensor gradient = linear.Restore(rightSide);
        Tensor shift = gradient;
        if (!isTransposed)
        {
            // w = z + g, z = D (W z + W g).
            using SplittingMap product = splitting.Derivative(linear.Latent, zeros_like(gradient), isTransposed: false);
            shift = product.Affine(gradient);
        }

        using SplittingMap map = splitting.Derivative(linear.Latent, shift, isTransposed);
        Tensor from = start is null ? map.Activate(shift, 1)
            : isTransposed ? map.Activate(linear.Restore(start), 1)
            : linear.Restore(start) - gradient;
        FixedPointSolution found = Solver.Solve(new SolveContext
        {
            Map = map,
            Start = from,
            Stopping = new StoppingRule
            {
                RelativeTolerance = 0,
                AbsoluteTolerance = isTransposed && double.IsFinite(splitting.LipschitzBound) ? 1 / (1 + splitting.LipschitzBound) : 1,
                MaxSteps = MaxSteps,
            },

            // The threshold is that of the right side, whatever z: nothing can run away until it is met.
            Beginnings = [.. Enumerable.Repeat(double.MaxValue, (int)from.shape[0])],
        });
        Tensor solved = isTransposed ? map.Affine(found.Latent) : found.Latent + gradient;
        return (found, linear.Flatten(solved));
    }

    private static double[] Residuals(LinearSystem system, Tensor vectors) =>
    [
        .. RowNorms.Of(system.RightSide - system.Linear.Apply(vectors))
            .Select(norm => double.IsFinite(norm) ? norm : double.PositiveInfinity),
    ];

    private static LinearSampleReport Report(LinearSystem system, int i, int products, LinearStatus status, double residual) =>
        new(status, products, system.Scales[i] is var scale && scale == 0 ? 0
            : double.IsFinite(scale) ? residual / scale
            : double.PositiveInfinity);

    private static LinearStatus Failure(SolveStatus status) => status switch
    {
        SolveStatus.MaxStepsReached => LinearStatus.MaxProductsReached,
        SolveStatus.Diverged => LinearStatus.Diverged,
        SolveStatus.NonFinite => LinearStatus.NonFinite,
        _ => LinearStatus.Stalled,
    };

    private static ArgumentException Refusal() => new(
        $"{nameof(SplittingLinearSolver)} solves with I - J of a {nameof(SplittingMap)}, such as that of a MonotoneOperator, or with its "
            + "transpose. It was given another operator; GmresSolver takes any.");
}
