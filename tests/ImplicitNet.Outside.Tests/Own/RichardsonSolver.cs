using ImplicitNet.LinearSolvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary><c>x &lt;- x + (b - A x)</c>, with the residual carried along (Richardson, 1911): for A near the identity.</summary>
internal sealed record RichardsonSolver : KrylovSolver
{
    public override int MaxProducts { get; init; } = 100;

    public override KrylovCycle Begin(Tensor residual) => new Cycle(residual);

    private sealed class Cycle(Tensor unit) : KrylovCycle
    {
        private const double Diverged = 1e6;
        private Tensor _correction = zeros_like(unit).DetachFromDisposeScope(), _residual = unit.clone().DetachFromDisposeScope();
        private double[] _norms = [];

        public override KrylovStep[] Step(LinearOperator linear)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor product = linear.Apply(_residual), isFinite = product.isfinite().all(1, keepdim: true);
            _correction.add_(where(isFinite, _residual, zeros_like(product)));
            _residual.sub_(where(isFinite, product, zeros_like(product)));
            _norms = [.. linalg.vector_norm(_residual, 2, [1]).to(float64).cpu().data<double>()];
            bool[] finite = [.. isFinite.cpu().data<bool>()];
            return [.. _norms.Select((norm, row) => new KrylovStep(finite[row] ? norm : double.NaN, norm > Diverged))];
        }

        public override Tensor Corrections(IReadOnlyList<int> rows) => _correction.index_select(0, Indices(rows));

        public override (double Residual, double Drift) Reached(int row) => (_norms[row], double.PositiveInfinity);

        public override void Restrict(IReadOnlyList<int> rows)
        {
            Tensor indices = Indices(rows), correction = _correction.index_select(0, indices), residual = _residual.index_select(0, indices);
            Dispose();
            (_correction, _residual) = (correction.DetachFromDisposeScope(), residual.DetachFromDisposeScope());
        }

        public override void Dispose()
        {
            _correction.Dispose();
            _residual.Dispose();
        }

        private Tensor Indices(IReadOnlyList<int> rows) => tensor(rows.Select(row => (long)row).ToArray(), device: _residual.device);
    }
}
