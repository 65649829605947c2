using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// By torch's operations: for any device and dtype; one transfer to the host a step. Held in float32 for narrower latents.
/// </summary>
internal sealed class TensorSecantHistory(AndersonSolver options) : SecantHistory
{
    private int _newest = -1;

    // [batch, 1], powers of two that all that is held was multiplied by; null where none was.
    private Tensor? _units;
    private Tensor? _lastLatent;
    private Tensor? _lastResidual;

    // [batch, memory, n]; zero where there is no difference, since one that is not finite would spoil even a product with zero.
    private Tensor? _latents;
    private Tensor? _residuals;

    /// <inheritdoc/>
    public override (Tensor Next, bool[] Rejected) Advance(Tensor latent, Tensor mapped, IReadOnlyList<ISecantChoice> choices)
    {
        using DisposeScope scope = NewDisposeScope();
        ScalarType dtype = latent.dtype, working = Precision.Of(dtype).Working;
        (latent, mapped) = (latent.to(working), mapped.to(working));
        if (_lastLatent is null)
        {
            return (Begin(latent, mapped - latent, choices).to(dtype).MoveToOuterDisposeScope(), []);
        }

        if (_units is not null)
        {
            (latent, mapped) = (latent * _units, mapped * _units);
        }

        Tensor residual = mapped - latent;

        Push(latent, residual);
        (Tensor chosen, bool[] rejected, bool isSeparated) = Choose(residual, choices);
        Tensor gamma = chosen.narrow(1, 0, options.Memory), overlaps = chosen.narrow(1, options.Memory, options.Memory);
        Tensor mixing = chosen.narrow(1, 2 * options.Memory, 1), share = chosen.narrow(1, (2 * options.Memory) + 1, 1);
        Tensor newLatent = _latents!.select(1, _newest), newResidual = _residuals!.select(1, _newest);
        Tensor toward = residual * mixing;
        bool anyRejected = Array.Exists(rejected, value => value);
        if (anyRejected)
        {
            Tensor mask = tensor(rejected, device: latent.device).unsqueeze(1);
            latent = where(mask, _lastLatent, latent);
            residual = where(mask, _lastResidual!, residual);
            toward = where(share > 0, newLatent * share, residual * mixing);
            newLatent.masked_fill_(mask, 0);
            newResidual.masked_fill_(mask, 0);
        }

        Tensor row = gamma.unsqueeze(1);
        Tensor back = row.bmm(_latents!) + (row.bmm(_residuals!) * mixing.unsqueeze(2));
        Tensor next = latent + toward - back.squeeze(1);
        if (isSeparated)
        {
            newLatent.sub_(overlaps.unsqueeze(1).bmm(_latents!).squeeze(1));
            newResidual.sub_(overlaps.unsqueeze(1).bmm(_residuals!).squeeze(1));
        }

        Remember(latent, residual);
        next = _units is null ? next : next / _units;
        return (next.to(dtype).MoveToOuterDisposeScope(), anyRejected ? rejected : []);
    }

    /// <inheritdoc/>
    public override double Dependence(Precision precision) => precision.Dependence;

    /// <inheritdoc/>
    public override void Restrict(Tensor samples)
    {
        Select(ref _units, samples);
        Select(ref _lastLatent, samples);
        Select(ref _lastResidual, samples);
        Select(ref _latents, samples);
        Select(ref _residuals, samples);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _units?.Dispose();
        _lastLatent?.Dispose();
        _lastResidual?.Dispose();
        _latents?.Dispose();
        _residuals?.Dispose();
    }

    /// <summary>Takes note of the first residual, and makes the mixed step.</summary>
    private Tensor Begin(Tensor latent, Tensor residual, IReadOnlyList<ISecantChoice> choices)
    {
        double[] norms = RowNorms.Of(residual);
        Precision precision = Precision.Of(latent.dtype);
        (double least, double most) = precision.SquareRange;
        int limit = precision.LargestExponent;
        int[] exponents = [.. norms.Select(norm => norm == 0 || !double.IsFinite(norm) || (norm >= least && norm <= most)
            ? 0
            : Math.Clamp(Math.ILogB(norm), -limit, limit))];
        for (int sample = 0; sample < norms.Length; sample++)
        {
            choices[sample].Begin(Math.ScaleB(norms[sample], -exponents[sample]));
        }

        Tensor next = latent.add(residual, alpha: options.Mixing);
        if (exponents.Any(exponent => exponent != 0))
        {
            Tensor units = tensor(
                exponents.Select(exponent => Math.ScaleB(1, -exponent)).ToArray(), latent.dtype, latent.device).unsqueeze(1);
            (latent, residual) = (latent * units, residual * units);
            Replace(ref _units, units);
        }

        Remember(latent, residual);
        return next;
    }

    /// <summary>Puts the differences to the last point into the next slot, over the oldest.</summary>
    private void Push(Tensor latent, Tensor residual)
    {
        long[] shape = [latent.shape[0], options.Memory, latent.shape[1]];
        _latents ??= zeros(shape, latent.dtype, latent.device).DetachFromDisposeScope();
        _residuals ??= zeros(shape, latent.dtype, latent.device).DetachFromDisposeScope();
        _newest = (_newest + 1) % options.Memory;
        _latents.select(1, _newest).copy_(latent - _lastLatent!);
        _residuals.select(1, _newest).copy_(residual - _lastResidual!);
    }

    /// <summary>
    /// For every sample gamma, overlaps, mixing and share, [batch, 2 memory + 2]; which samples' steps are taken back; and whether there
    /// are overlaps.
    /// </summary>
    private (Tensor Chosen, bool[] Rejected, bool IsSeparated) Choose(Tensor residual, IReadOnlyList<ISecantChoice> choices)
    {
        int memory = options.Memory;
        int count = (int)residual.shape[0];
        Tensor tests = options.Variant.Tests(_latents!, _residuals!);
        Tensor newResidual = _residuals!.select(1, _newest);
        Tensor newTest = tests.select(1, _newest);

        // For every sample: tests . dF_new, tests . f, test_new . dF, and ||f||, in one transfer.
        Tensor products = stack([newResidual, residual], 1).bmm(tests.transpose(1, 2)).flatten(1);
        Tensor row = _residuals!.bmm(newTest.unsqueeze(2)).squeeze(2);
        double[] numbers = Numbers(cat([products, row, RowNorms.Column(residual).to(residual.dtype)], 1).flatten());
        int width = (3 * memory) + 1;
        int columns = (2 * memory) + 2;
        double[] chosen = new double[count * columns];
        bool[] rejected = new bool[count];
        bool isSeparated = false;
        for (int sample = 0; sample < count; sample++)
        {
            ReadOnlySpan<double> own = numbers.AsSpan(sample * width, width);
            SecantProducts asked = new()
            {
                Newest = _newest,
                TestsByNew = own[..memory],
                TestsByResidual = own.Slice(memory, memory),
                NewByResiduals = own.Slice(2 * memory, memory),
                Norm = own[^1],
            };
            Span<double> answer = chosen.AsSpan(sample * columns, columns);
            SecantStep step = choices[sample].Choose(asked, answer[..memory], answer.Slice(memory, memory));
            (answer[^2], answer[^1]) = (step.Mixing, step.Share);
            rejected[sample] = !step.IsKept;
            isSeparated |= answer.Slice(memory, memory).ContainsAnyExcept(0.0);
        }

        return (tensor(chosen).reshape(count, columns).to(residual.dtype).to(residual.device), rejected, isSeparated);
    }

    private void Remember(Tensor latent, Tensor residual)
    {
        Replace(ref _lastLatent, latent.alias());
        Replace(ref _lastResidual, residual.alias());
    }

    private static double[] Numbers(Tensor values) => [.. values.to(ScalarType.Float64).cpu().data<double>()];

    private static void Select(ref Tensor? held, Tensor samples)
    {
        if (held is not null)
        {
            Replace(ref held, held.index_select(0, samples));
        }
    }

    private static void Replace(ref Tensor? held, Tensor value)
    {
        held?.Dispose();
        held = value.DetachFromDisposeScope();
    }
}
