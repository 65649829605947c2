using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Statuses;

/// <summary>Planted: says after three steps that there is nothing left, whatever is left.</summary>
internal sealed record LyingSolver : IterativeSolver
{
    public override FixedPointIteration Start(FixedPointMap map, Tensor start) => new Iteration(map, start);

    private sealed class Iteration(FixedPointMap map, Tensor start) : FixedPointIteration
    {
        private FixedPointMap _map = map;
        private Tensor _latent = start.alias().DetachFromDisposeScope();
        private int _steps;

        public override FixedPointStep Step()
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor measured = _latent.alias();
            Tensor mapped = _map.Evaluate(_latent);
            Tensor residual = (mapped - _latent) * (_steps++ < 3 ? 1 : 0);
            _latent.Dispose();
            _latent = mapped.alias().DetachFromDisposeScope();
            return new FixedPointStep(measured.MoveToOuterDisposeScope(), residual.MoveToOuterDisposeScope());
        }

        public override void Restrict(FixedPointMap map, Tensor samples)
        {
            _map = map;
            Tensor kept = _latent.index_select(0, samples).DetachFromDisposeScope();
            _latent.Dispose();
            _latent = kept;
        }

        public override void Dispose() => _latent.Dispose();
    }
}
