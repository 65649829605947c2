using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers.QuasiNewton;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Newton's method on <c>r(u) = map(u) - u</c>: <c>u &lt;- u + a d</c>, where d solves <c>(I - J) d = r</c> about as exactly as the
/// residual deserves, using only products with J, and a is the share that the line search leaves, for every sample by itself.
/// </summary>
/// <remarks>
/// Superlinear near a solution where <c>I - J</c> is regular, whether the map contracts or not; globally it either
/// reduces the residual or stalls (Dembo, Eisenstat and Steihaug, SIAM J. Numer. Anal. 19, 1982; Eisenstat and Walker,
/// 1996; Kelley, 1995, chapters 6 and 8). Where the line search finds nothing better the Picard step is tried, and the
/// best of what was tried is taken.
/// <para>
/// Costs few steps but many evaluations: a step takes one for the new iterate, what its line search needs, and the products of the linear
/// solve, which <see cref="SolveReport.Evaluations"/> counts as each <see cref="JacobianProduct"/> says. It pays off where Picard needs
/// hundreds of steps or cannot converge. Holds the vectors of the linear solver (36 copies of u with the default) and five more, in float64
/// for float64 latents and in float32 for others.
/// </para>
/// </remarks>
public sealed record NewtonKrylovSolver : IterativeSolver
{
    /// <summary>The solver for the step; default <see cref="GmresSolver"/>.</summary>
    public LinearSolver LinearSolver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(LinearSolver));
    } = new GmresSolver();

    /// <summary>How the products with J are computed; default <see cref="DoubleBackwardProduct"/>.</summary>
    public JacobianProduct Product
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Product));
    } = new DoubleBackwardProduct();

    /// <summary>How exactly a step is solved for; by default after Eisenstat and Walker, to 0.3 at most.</summary>
    public ForcingTerm Forcing
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Forcing));
    } = new ForcingTerm();

    /// <summary>Shortens steps until the residual falls; default: a line search with its defaults; null for full steps.</summary>
    public LineSearch? LineSearch { get; init; } = new LineSearch();

    /// <summary>
    /// Without a line search, the factor by which the L2 norm of a residual may exceed the largest of the last ten steps before the Picard
    /// step is tried; at least 1 and finite; default 2, dimensionless.
    /// </summary>
    public double GrowthLimit
    {
        get;
        init => field = value is >= 1 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(GrowthLimit), value, "The growth limit must be a finite number of at least 1.");
    } = 2;

    /// <summary>The share of the Picard step that replaces a bad step; in (0, 1]; default 1, dimensionless.</summary>
    public double Damping
    {
        get;
        init => field = value is > 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Damping), value, "Damping must be in (0, 1].");
    } = 1;

    /// <inheritdoc/>
    public override FixedPointIteration Start(FixedPointMap map, Tensor start) =>
        new Iteration(map, start, this, new GuardedStep(LineSearch, GrowthLimit, Damping));

    private sealed class Iteration(FixedPointMap map, Tensor start, NewtonKrylovSolver solver, GuardedStep step) : FixedPointIteration
    {
        private readonly IterateRows _rows = new(map, start, step.History);
        private double[] _forcing = [];
        private double[] _normsBefore = [];

        public override FixedPointStep Step()
        {
            using DisposeScope scope = NewDisposeScope();
            if (_rows.IsMeasured)
            {
                step.Move(_rows, Direction());
            }
            else
            {
                _rows.MeasureStart();
            }

            return _rows.ToStep();
        }

        public override void Restrict(FixedPointMap map, Tensor samples)
        {
            _rows.Restrict(map, samples);
            if (_forcing.Length > 0)
            {
                long[] kept = [.. samples.cpu().data<long>()];
                (double[] forcing, double[] before) = (_forcing, _normsBefore);
                _forcing = [.. kept.Select(position => forcing[position])];
                _normsBefore = [.. kept.Select(position => before[position])];
            }
        }

        public override void Finish(IReadOnlyList<int> positions, IReadOnlyList<int> samples) => _rows.Finish(positions);

        public override void Dispose() => _rows.Dispose();

        private Tensor Direction()
        {
            double[] norms = _rows.Norms;
            _forcing = _forcing.Length == 0
                ? [.. norms.Select(_ => solver.Forcing.Initial)]
                : [.. norms.Select((norm, row) => solver.Forcing.Next(_forcing[row], _normsBefore[row], norm))];
            _normsBefore = norms;

            // Finished samples ask for nothing, so they take part in no product longer than the others do.
            Tensor live = _rows.Column([.. _rows.Live.Select(isLive => isLive ? 1.0 : 0)]) > 0;
            Tensor residual = where(live, _rows.Residual, zeros_like(_rows.Residual));
            using LinearOperator linear = solver.Product.Linearize(_rows);
            using LinearSolution solution =
                solver.LinearSolver.Solve(linear, residual, [.. _forcing.Select(forcing => new LinearTolerance(forcing))]);
            Tensor useless = (solution.Vectors == 0).all(1, keepdim: true);
            return where(useless, residual * solver.Damping, solution.Vectors);
        }
    }
}
