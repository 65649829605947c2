using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Another solver whose iterates are shown as they are measured: the same iterates, steps and statuses, at the cost of what the one who
/// sees them does. The loop knows nothing of it.
/// </summary>
/// <param name="Own">The solver.</param>
/// <param name="See">
/// Is shown every step: its number, from 1 as in a report; the iterate that was measured, [active, ...] (of a coupled map
/// [1, batch, ...]), which stays the loop's; and which
/// samples of the batch these are. A sample that has finished may be among them for some steps more, and an iterate that the method rejects
/// is shown too.
/// </param>
internal sealed record WatchedSolver(IterativeSolver Own, Action<int, Tensor, IReadOnlyList<int>> See) : IterativeSolver
{
    /// <inheritdoc/>
    public override FixedPointIteration Start(FixedPointMap map, Tensor start) =>
        new Iteration(Own.Start(map, start), See, (int)start.shape[0]);

    /// <summary>A solver that shows its iterates; the solver as it is where it is no <see cref="IterativeSolver"/>.</summary>
    public static FixedPointSolver Of(FixedPointSolver solver, Action<int, Tensor, IReadOnlyList<int>> see) =>
        solver is IterativeSolver own ? new WatchedSolver(own, see) : solver;

    private sealed class Iteration(FixedPointIteration own, Action<int, Tensor, IReadOnlyList<int>> see, int batch) : FixedPointIteration
    {
        private int[] _samples = [.. Enumerable.Range(0, batch)];
        private int _step;

        public override FixedPointStep Step()
        {
            FixedPointStep step = LatentContract.Step(own.Step(), _samples.Length);
            try
            {
                see(++_step, step.Latent, _samples);
                return step;
            }
            catch
            {
                step.Latent.Dispose();
                (step.Residual ?? step.Mapped)!.Dispose();
                throw;
            }
        }

        public override void Restrict(FixedPointMap map, Tensor samples)
        {
            own.Restrict(map, samples);
            _samples = [.. samples.cpu().data<long>().Select(position => _samples[position])];
        }

        public override void Finish(IReadOnlyList<int> positions, IReadOnlyList<int> samples) => own.Finish(positions, samples);

        public override LowRankInverse? TakeInverse() => own.TakeInverse();

        public override void Dispose() => own.Dispose();
    }
}
