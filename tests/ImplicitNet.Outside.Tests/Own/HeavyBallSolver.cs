using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary><c>u + f(u) + momentum (u - u of the step before)</c> (Polyak, 1964).</summary>
internal sealed record HeavyBallSolver(double Momentum = 0.3) : IterativeSolver
{
    public override FixedPointIteration Start(FixedPointMap map, Tensor start) => new Iteration(map, start, Momentum);

    private sealed class Iteration(FixedPointMap map, Tensor start, double momentum) : FixedPointIteration
    {
        private FixedPointMap _map = map;
        private Tensor _latent = start.clone().DetachFromDisposeScope(), _last = start.clone().DetachFromDisposeScope();

        public override FixedPointStep Step()
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor measured = _latent, mapped = _map.Evaluate(measured);
            Tensor next = (mapped + ((measured - _last) * momentum)).DetachFromDisposeScope();
            _last.Dispose();
            (_last, _latent) = (measured.alias().DetachFromDisposeScope(), next);
            return FixedPointStep.OfMapped(measured, mapped.MoveToOuterDisposeScope());
        }

        public override void Restrict(FixedPointMap map, Tensor samples)
        {
            (Tensor latent, Tensor last) = (_latent.index_select(0, samples), _last.index_select(0, samples));
            Dispose();
            (_map, _latent, _last) = (map, latent.DetachFromDisposeScope(), last.DetachFromDisposeScope());
        }

        public override void Dispose()
        {
            _latent.Dispose();
            _last.Dispose();
        }
    }
}
