using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>Solves <c>A x = b</c> as the fixed point of <c>x -> x + b - A x</c>, by any solver of fixed points.</summary>
/// <remarks>
/// For <c>A = I - J^T</c> and <see cref="PicardSolver"/> this is the Neumann series <c>b + J^T b + (J^T)^2 b + ...</c>, the plain iteration
/// of the adjoint equation: it converges where J contracts, by a factor gamma per product. Without a start it begins at b, the first
/// iterate from zeros, at no cost.
/// <para>
/// The <see cref="LinearSampleReport.Products"/> of a sample are its steps, one product each with <see cref="PicardSolver"/> and
/// <see cref="AndersonSolver"/>; what line searches and undone steps cost beyond that is counted in <see cref="LinearSolution.Products"/>
/// only. Holds what the solver holds and two copies of the vectors.
/// </para>
/// </remarks>
public sealed record FixedPointLinearSolver : LinearSolver
{
    // A threshold below this part of what rounding is would make numbers too large to be squared in float32.
    private const double LeastThreshold = 1e-3;

    // Rounding in x, of which little is lost in fact, may be this share of the threshold or of a residual that is believed.
    private const double DoubtfulShare = 0.1;

    /// <summary>The method; default <see cref="PicardSolver"/>.</summary>
    public FixedPointSolver Solver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    } = new PicardSolver();

    /// <summary>Steps after which a sample is given up; at least 1; default 100.</summary>
    public int MaxSteps
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxSteps), value, "The step limit must be at least 1.");
    } = 100;

    internal override LinearSolver WithMaxProducts(int products) => this with { MaxSteps = products };

    internal override LinearSolution Run(LinearSystem system)
    {
        LinearProgress[] progress = system.Begin();
        LinearSampleReport[] reports = [.. progress.Select(sample => sample.Report)];
        Tensor solution = system.Start?.clone() ?? zeros_like(system.RightSide);
        int[] open = [.. Enumerable.Range(0, progress.Length).Where(i => progress[i].IsOpen)];
        if (open.Length > 0)
        {
            Solve(system, open, solution, reports);
        }

        return new LinearSolution(solution.DetachFromDisposeScope(), reports, system.Linear.Products);
    }

    /// <summary>Solves for some samples, and writes their rows and reports.</summary>
    private void Solve(LinearSystem system, int[] open, Tensor solution, LinearSampleReport[] reports)
    {
        // Each sample in units of its threshold: one stopping rule serves them all. A is linear, so only b and x change.
        double least = LeastThreshold * Precision.Of(solution.dtype).Rounding;
        double[] units = [.. open.Select(i => Math.Max(system.Thresholds[i], least * system.Scales[i]))];
        Tensor unit = tensor(units, dtype: solution.dtype, device: solution.device).unsqueeze(1);
        Tensor rows = RowIndices.Of(open, solution.device);
        Tensor rightSide = system.RightSide.index_select(0, rows) / unit;
        Tensor start = system.Start is null ? rightSide : system.Start.index_select(0, rows) / unit;
        using LinearOperator linear = open.Length == reports.Length ? system.Linear.Whole() : system.Linear.Restrict(rows);
        using LinearMap map = new(linear, rightSide);
        StoppingRule stopping = new() { AbsoluteTolerance = 1, MaxSteps = MaxSteps };

        // The threshold is that of b, whatever x: nothing can run away until it is met, so no start stands against it.
        double[] beginnings = [.. Enumerable.Repeat(double.MaxValue, open.Length)];
        using FixedPointSolution found = Solver.Solve(
            new SolveContext { Map = map, Start = start, Stopping = stopping, Beginnings = beginnings });

        double[] residuals = [.. found.Report.Samples.Select(report => report.Residual)];
        int[] measured = Measure(linear, rightSide, found, residuals);
        Tensor vectors = found.Latent * unit;
        bool[] isFinite = [.. vectors.isfinite().all(1).cpu().data<bool>()];
        double rounding = Precision.Of(solution.dtype).Rounding;
        List<int> taken = [];
        for (int row = 0; row < open.Length; row++)
        {
            (double scale, double threshold) = (system.Scales[open[row]], system.Thresholds[open[row]]);
            SampleReport report = found.Report.Samples[row];
            bool isMeasured = measured.Contains(row);
            double residual = residuals[row] * units[row];
            bool isCorrected = isMeasured || residuals[row] > report.Residual;
            bool isReached = isCorrected || units[row] > threshold ? residual <= threshold : report.Ratio <= 1;

            // Zeros leave b: what leaves as much, to rounding, is no better. The start is returned as it came.
            bool isTaken = isFinite[row] && (system.Start is null ? residual < scale * (1 - rounding) : report.BestStep > 1);
            double left = !isTaken && system.Start is null ? scale : residual;
            reports[open[row]] =
                new LinearSampleReport(Status(report.Status, isReached), report.Steps + (isMeasured ? 1 : 0), left / scale);
            if (isTaken)
            {
                taken.Add(row);
            }
        }

        Tensor chosen = RowIndices.Of(taken, solution.device);
        solution.index_copy_(0, rows.index_select(0, chosen), vectors.index_select(0, chosen));
    }

    /// <summary>
    /// Measures b - A x where what the solver saw of it, (x + b - A x) - x, may be rounding in x: a residual of zero is
    /// found for any b that is lost in the sum. A sample that has used up its products has none left to measure with: if it
    /// passed, what rounding can have hidden is added; if not, it keeps what the solver saw.
    /// </summary>
    /// <returns>The rows that were measured, for one product.</returns>
    private int[] Measure(LinearOperator linear, Tensor rightSide, FixedPointSolution found, double[] residuals)
    {
        Tensor vectors = found.Latent;
        double rounding = Precision.Of(vectors.dtype).Rounding;
        double[] sizes = RowNorms.Of(vectors);
        List<int> doubtful = [];
        for (int row = 0; row < residuals.Length; row++)
        {
            bool isDoubtful = double.IsFinite(residuals[row]) && rounding * sizes[row] > DoubtfulShare * Math.Max(1, residuals[row]);
            if (isDoubtful && found.Report.Samples[row].Steps < MaxSteps)
            {
                doubtful.Add(row);
            }
            else if (isDoubtful && found.Report.Samples[row].Status == SolveStatus.Converged)
            {
                residuals[row] += rounding * sizes[row];
            }
        }

        if (doubtful.Count > 0)
        {
            Tensor rows = RowIndices.Of(doubtful, vectors.device);
            using LinearOperator restricted = linear.Restrict(rows);
            Tensor left = rightSide.index_select(0, rows) - restricted.Apply(vectors.index_select(0, rows));
            foreach ((int i, double norm) in RowNorms.Of(left).Index())
            {
                residuals[doubtful[i]] = double.IsFinite(norm) ? norm : double.PositiveInfinity;
            }
        }

        return [.. doubtful];
    }

    private static LinearStatus Status(SolveStatus status, bool isReached) => status switch
    {
        SolveStatus.NonFinite => LinearStatus.NonFinite,
        _ when isReached => LinearStatus.Converged,
        SolveStatus.Converged => LinearStatus.Stalled,
        SolveStatus.MaxStepsReached => LinearStatus.MaxProductsReached,
        SolveStatus.Stalled => LinearStatus.Stalled,
        SolveStatus.Diverged => LinearStatus.Diverged,
        _ => LinearStatus.NonFinite,
    };

    /// <summary><c>x -> x + b - A x</c>; which rows of A these are goes with the samples.</summary>
    private sealed class LinearMap : FixedPointMap
    {
        private readonly LinearOperator _whole;
        private readonly LinearOperator? _part;

        public LinearMap(LinearOperator whole, Tensor rightSide)
            : this(whole, part: null, OwnedBoth(rightSide.alias(), arange(rightSide.shape[0], device: rightSide.device)))
        {
        }

        private LinearMap(LinearOperator whole, LinearOperator? part, MapInputs inputs)
            : base(inputs)
        {
            _whole = whole;
            _part = part;
            IsOwn = true;
        }

        public override bool IsPerSample => true;

        public override Tensor Evaluate(Tensor latent)
        {
            using DisposeScope scope = NewDisposeScope();
            return (latent + (Inputs.PerSample[0] - (_part ?? _whole).Apply(latent))).MoveToOuterDisposeScope();
        }

        public override FixedPointMap With(MapInputs inputs) => new LinearMap(_whole, _whole.Restrict(inputs.PerSample[1]), inputs);

        public override void Dispose()
        {
            _part?.Dispose();
            base.Dispose();
        }

        private static MapInputs OwnedBoth(Tensor rightSide, Tensor rows)
        {
            Tensor[] both = [rightSide.DetachFromDisposeScope(), rows.DetachFromDisposeScope()];
            return new MapInputs { PerSample = both, Owned = both };
        }
    }
}
