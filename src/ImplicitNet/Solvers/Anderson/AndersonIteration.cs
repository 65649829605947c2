using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>One solve by Anderson acceleration; see <see cref="AndersonSolver"/>.</summary>
internal sealed class AndersonIteration : FixedPointIteration, ISecantChoice
{
    private readonly AndersonSolver _options;
    private readonly SecantHistory _history;
    private FixedPointMap _map;
    private Tensor _latent;
    private SecantSystem[] _systems;
    private SampleState[] _states;

    public AndersonIteration(FixedPointMap map, Tensor start, AndersonSolver options)
    {
        int count = (int)start.shape[0];
        _options = options;
        _history = SecantHistory.Of(start, options);
        _map = map;
        _latent = start.alias().DetachFromDisposeScope();
        double dependence = _history.Dependence(Precision.Of(start.dtype));
        _systems = [.. Enumerable.Range(0, count).Select(_ => new SecantSystem(options.Memory, dependence))];
        _states = new SampleState[count];
    }

    public override FixedPointStep Step()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor measured = _latent;
        Tensor mapped = _map.Evaluate(measured);
        LatentLayout layout = LatentLayout.Of(mapped);
        (Tensor next, bool[] rejected) = _history.Advance(layout.Flatten(measured), layout.Flatten(mapped), this);
        _latent = layout.Restore(next).DetachFromDisposeScope();
        return FixedPointStep.OfMapped(measured, mapped.alias().DetachFromDisposeScope(), rejected);
    }

    public override void Restrict(FixedPointMap map, Tensor samples)
    {
        long[] kept = [.. samples.cpu().data<long>()];
        Tensor rows = LatentLayout.SelectRows(_latent, samples).DetachFromDisposeScope();
        _latent.Dispose();
        _latent = rows;
        _history.Restrict(samples);
        _map = map;
        _systems = [.. kept.Select(sample => _systems[sample])];
        _states = [.. kept.Select(sample => _states[sample])];
    }

    public override void Dispose()
    {
        _latent.Dispose();
        _history.Dispose();
    }

    void ISecantChoice.Begin(int sample, double norm) => _states[sample].LastNorm = norm;

    bool ISecantChoice.TryChoose(int sample, in SecantProducts products, Span<double> gamma)
    {
        ref SampleState state = ref _states[sample];
        SecantSystem system = _systems[sample];
        if (state.IsAccelerated && !(products.Norm <= _options.SafeguardFactor * state.LastNorm))
        {
            state.Reject();
            system.Clear();
            return false;
        }

        system.Store(products.Newest, products.TestsByNew, products.NewByResiduals);
        state.Accept(products.Norm);
        state.IsAccelerated = state.MayAccelerate && system.Solve(products.Newest, products.TestsByResidual, gamma);
        return true;
    }

    /// <summary>What the safeguard knows of one sample.</summary>
    private struct SampleState
    {
        // At most this many plain steps after a step taken back: where acceleration keeps failing it costs 3 %.
        private const int LongestPause = 32;

        private int _pause;
        private int _nextPause;

        /// <summary>The norm of the residual at the last point that was kept.</summary>
        public double LastNorm { get; set; }

        /// <summary>True when the iterate under way is an accelerated one.</summary>
        public bool IsAccelerated { get; set; }

        /// <summary>False during the plain steps after a step was taken back.</summary>
        public readonly bool MayAccelerate => _pause == 0;

        public void Accept(double norm)
        {
            if (IsAccelerated)
            {
                _nextPause = 0;
            }

            _pause = Math.Max(0, _pause - 1);
            LastNorm = norm;
        }

        /// <summary>Doubles the pause each time in a row.</summary>
        public void Reject()
        {
            IsAccelerated = false;
            _nextPause = Math.Min(LongestPause, Math.Max(1, 2 * _nextPause));
            _pause = _nextPause;
        }
    }
}
