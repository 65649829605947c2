using ImplicitNet.Solvers.QuasiNewton;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Broyden's good method with limited memory: <c>u &lt;- u + M r</c>, <c>r = map(u) - u</c>, where M approaches <c>(I - J)^-1</c> by one
/// rank-one term per step, for every sample by itself.
/// </summary>
/// <remarks>
/// Superlinear near a solution where <c>I - J</c> is regular, whether the map contracts or not (Broyden, Math. Comp. 19, 1965; Broyden,
/// Dennis and More, 1973); exact after 2n steps for an affine map if the memory is that large (Gay, 1979). The first step is that of the
/// damped Picard iteration. A term never makes M singular (More and Trangenstein, 1976), and when the memory is full the method starts
/// again from <c>d I</c>. A step that raises the residual past <see cref="GrowthLimit"/>, or that the line search cannot save, is
/// replaced by the Picard step of that sample if this lowers the residual, or raises it less, and the sample forgets what it had learned:
/// on a contraction no sample does much worse than with Picard.
/// <para>
/// d is a sample's own: where its first step s, or the newest one when it starts again, changes the residual by y with
/// <c>||y|| &gt; 2 ||s||</c>, it is <c>||s|| / ||y||</c> (self-scaling, Shanno and Phua, Mathematical Programming 1978; the geometric mean
/// of the two steps of Barzilai and Borwein, IMA Journal of Numerical Analysis 1988), and <see cref="Damping"/> elsewhere: a map that
/// contracts in the L2 norm has <c>||y|| &lt; 2 ||s||</c> up to rounding, and is not touched by it.
/// </para>
/// <para>
/// Costs one evaluation per step, one more for the samples that fall back, and those of the line search; two passes over the memory for
/// each of three products. Holds <c>2 Memory + 4</c> copies of u, in float64 for float64 latents and in float32 for others;
/// <see cref="KeepInverse"/> holds as many again.
/// </para>
/// </remarks>
public sealed record BroydenSolver : IterativeSolver
{
    /// <summary>The number of steps that are remembered before the method starts anew; at least 1; default 20.</summary>
    public int Memory
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Memory), value, "Broyden's method needs a memory of at least 1.");
    } = 20;

    /// <summary>
    /// Share of the full step in the first step and in those that replace a bad one, and the most that M is where nothing is known; in
    /// (0, 1]; default 1, dimensionless.
    /// </summary>
    public double Damping
    {
        get;
        init => field = value is > 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Damping), value, "Damping must be in (0, 1].");
    } = 1;

    /// <summary>
    /// Shortens steps until the residual falls; default null: full steps. On contractions it costs nothing; on hard problems it solves a
    /// few more, loses others, and takes nearly twice the evaluations.
    /// </summary>
    public LineSearch? LineSearch { get; init; }

    /// <summary>
    /// Without a line search, the factor by which the L2 norm of a residual may exceed the largest of the last ten steps; at least 1 and
    /// finite; default 2, dimensionless.
    /// </summary>
    public double GrowthLimit
    {
        get;
        init => field = value is >= 1 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(GrowthLimit), value, "The growth limit must be a finite number of at least 1.");
    } = 2;

    /// <summary>
    /// Whether <see cref="FixedPointSolution.Inverse"/> gives the M of every sample, as it was when the sample finished; default false.
    /// Choose a <see cref="Memory"/> larger than the steps of a solve: M starts anew when it is full.
    /// </summary>
    public bool KeepInverse { get; init; }

    /// <inheritdoc/>
    public override FixedPointIteration Start(FixedPointMap map, Tensor start) =>
        new Iteration(map, start, this, new GuardedStep(LineSearch, GrowthLimit, Damping));

    private sealed class Iteration(FixedPointMap map, Tensor start, BroydenSolver solver, GuardedStep step) : FixedPointIteration
    {
        private readonly IterateRows _rows = new(map, start, step.History);
        private readonly BroydenMemory _memory = new(solver.Memory, solver.Damping);
        private readonly KeptInverses? _kept = solver.KeepInverse ? new KeptInverses((int)start.shape[0], solver.Damping) : null;

        public override FixedPointStep Step()
        {
            using DisposeScope scope = NewDisposeScope();
            if (_rows.IsMeasured)
            {
                Advance();
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
            _memory.Restrict(samples);
        }

        public override void Finish(IReadOnlyList<int> positions, IReadOnlyList<int> samples)
        {
            _rows.Finish(positions);
            _kept?.Save(_memory, _rows, positions, samples, solver.Memory);
        }

        public override LowRankInverse? TakeInverse() => _kept?.Take(_rows.Layout);

        public override void Dispose()
        {
            _rows.Dispose();
            _memory.Dispose();
            _kept?.Dispose();
        }

        private void Advance()
        {
            Tensor latent = _rows.Latent.alias();
            Tensor residual = _rows.Residual.alias();
            IReadOnlyList<int> failed = step.Move(_rows, _memory.Apply(residual));
            if (failed.Count > 0)
            {
                _memory.Forget(failed, _rows.Indices(failed));
            }

            _memory.Update((_rows.Latent - latent).to(residual.dtype), _rows.Residual - residual);
        }
    }
}
