using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>One solve by Anderson acceleration; see <see cref="AndersonSolver"/>.</summary>
internal sealed class AndersonIteration : FixedPointIteration
{
    private readonly AndersonSolver _options;
    private readonly DifferenceRing _ring;
    private FixedPointMap _map;
    private Tensor _latent;
    private SecantSystem[] _systems;
    private SampleState[] _states;

    public AndersonIteration(FixedPointMap map, Tensor start, AndersonSolver options)
    {
        int count = (int)start.shape[0];
        _options = options;
        _ring = new DifferenceRing(options.Memory);
        _map = map;
        _latent = start.alias().DetachFromDisposeScope();

        // The products carry the rounding of sums in the dtype; a dependence some hundred units above it is noise.
        double dependence = start.dtype switch
        {
            ScalarType.Float64 => 1e-13,
            ScalarType.Float32 => 1e-5,
            _ => 1e-1,
        };
        _systems = [.. Enumerable.Range(0, count).Select(_ => new SecantSystem(options.Memory, dependence))];
        _states = new SampleState[count];
    }

    public override FixedPointStep Step()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor measured = _latent;
        Tensor mapped = _map.Evaluate(measured);
        Tensor difference = mapped - measured;
        LatentLayout layout = LatentLayout.Of(difference);
        Tensor latent = layout.Flatten(measured);
        Tensor residual = layout.Flatten(difference);
        Tensor next;
        bool[] rejected = [];
        if (_ring.LastLatent is null)
        {
            double[] norms = Numbers(linalg.vector_norm(residual, 2, [1]));
            _states = [.. norms.Select(norm => new SampleState { LastNorm = norm })];
            next = latent.add(residual, alpha: _options.Mixing);
            _ring.Remember(latent, residual);
        }
        else
        {
            _ring.Push(latent, residual);
            (Tensor gamma, rejected) = Coefficients(residual);
            next = Combine(ref latent, ref residual, gamma, rejected);
            _ring.Remember(latent, residual);
        }

        _latent = layout.Restore(next).DetachFromDisposeScope();
        return new FixedPointStep(measured, difference.DetachFromDisposeScope(), rejected);
    }

    public override void Restrict(FixedPointMap map, Tensor samples)
    {
        long[] kept = [.. samples.cpu().data<long>()];
        Tensor rows = LatentLayout.SelectRows(_latent, samples).DetachFromDisposeScope();
        _latent.Dispose();
        _latent = rows;
        _ring.Restrict(samples);
        _map = map;
        _systems = [.. kept.Select(sample => _systems[sample])];
        _states = [.. kept.Select(sample => _states[sample])];
    }

    public override void Dispose()
    {
        _latent.Dispose();
        _ring.Dispose();
    }

    /// <summary>Gamma for every sample, [batch, memory], and which samples' accelerated steps are taken back.</summary>
    private (Tensor Gamma, bool[] Rejected) Coefficients(Tensor residual)
    {
        int memory = _options.Memory;
        int count = _systems.Length;
        Tensor tests = _options.Variant.Tests(_ring.Latents, _ring.Residuals);
        Tensor newResidual = _ring.Residuals.select(1, _ring.Newest);
        Tensor newTest = tests.select(1, _ring.Newest);

        // For every sample: tests . dF_new, tests . f, test_new . dF, and ||f||, in one transfer.
        Tensor products = tests.bmm(stack([newResidual, residual], 2)).flatten(1);
        Tensor row = _ring.Residuals.bmm(newTest.unsqueeze(2)).squeeze(2);
        double[] numbers = Numbers(cat([products, row, linalg.vector_norm(residual, 2, [1], keepdim: true)], 1).flatten());
        int width = (3 * memory) + 1;

        double[] gamma = new double[count * memory];
        bool[] rejected = new bool[count];
        Span<double> byNew = stackalloc double[memory];
        Span<double> right = stackalloc double[memory];
        for (int sample = 0; sample < count; sample++)
        {
            ReadOnlySpan<double> own = numbers.AsSpan(sample * width, width);
            double norm = own[^1];
            ref SampleState state = ref _states[sample];
            if (state.IsAccelerated && !(norm <= _options.SafeguardFactor * state.LastNorm))
            {
                rejected[sample] = true;
                state.Reject();
                _systems[sample].Clear();
                continue;
            }

            for (int slot = 0; slot < memory; slot++)
            {
                byNew[slot] = own[2 * slot];
                right[slot] = own[(2 * slot) + 1];
            }

            _systems[sample].Put(_ring.Newest, byNew, own.Slice(2 * memory, memory));
            state.Accept(norm);
            state.IsAccelerated = state.MayAccelerate && _systems[sample].Solve(_ring.Newest, right, gamma.AsSpan(sample * memory, memory));
        }

        return (tensor(gamma).reshape(count, memory).to(residual.dtype).to(residual.device), rejected);
    }

    /// <summary>The next iterate; for a sample that is taken back, the damped Picard step from its last point, which it keeps.</summary>
    private Tensor Combine(ref Tensor latent, ref Tensor residual, Tensor gamma, bool[] rejected)
    {
        if (Array.Exists(rejected, value => value))
        {
            Tensor mask = tensor(rejected, device: latent.device);
            Tensor column = mask.unsqueeze(1);
            latent = where(column, _ring.LastLatent!, latent);
            residual = where(column, _ring.LastResidual, residual);
            _ring.Forget(mask);
        }

        Tensor row = gamma.unsqueeze(1);
        Tensor back = row.bmm(_ring.Latents) + (row.bmm(_ring.Residuals) * _options.Mixing);
        return latent.add(residual, alpha: _options.Mixing) - back.squeeze(1);
    }

    private static double[] Numbers(Tensor values) => [.. values.to(ScalarType.Float64).cpu().data<double>()];

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
