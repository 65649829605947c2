using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// The last iterate and residual of every sample, and the last differences of both, in a ring: [batch, memory, n]. Owns
/// its tensors.
/// </summary>
internal sealed class DifferenceRing(int memory) : IDisposable
{
    private Tensor? _lastLatent;
    private Tensor? _lastResidual;
    private Tensor? _latents;
    private Tensor? _residuals;

    /// <summary>The slot of the newest difference; -1 before there is one.</summary>
    public int Newest { get; private set; } = -1;

    /// <summary>The iterate that the next difference is taken from: [batch, n]; null before the first step.</summary>
    public Tensor? LastLatent => _lastLatent;

    /// <summary>Its residual: [batch, n].</summary>
    public Tensor LastResidual => _lastResidual!;

    /// <summary>Differences of iterates: [batch, memory, n]; zero where there is none.</summary>
    public Tensor Latents => _latents!;

    /// <summary>Differences of residuals: [batch, memory, n]; zero where there is none.</summary>
    public Tensor Residuals => _residuals!;

    /// <summary>Sets the point that the next difference is taken from.</summary>
    public void Remember(Tensor latent, Tensor residual)
    {
        Replace(ref _lastLatent, latent.alias());
        Replace(ref _lastResidual, residual.alias());
    }

    /// <summary>Puts the differences to the last point into the next slot, over the oldest.</summary>
    public void Push(Tensor latent, Tensor residual)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] shape = [latent.shape[0], memory, latent.shape[1]];
        _latents ??= zeros(shape, latent.dtype, latent.device).DetachFromDisposeScope();
        _residuals ??= zeros(shape, latent.dtype, latent.device).DetachFromDisposeScope();
        Newest = (Newest + 1) % memory;
        _latents.select(1, Newest).copy_(latent - _lastLatent!);
        _residuals.select(1, Newest).copy_(residual - _lastResidual!);
    }

    /// <summary>Zeroes the differences of some samples; one that is not finite would spoil even a product with zero.</summary>
    /// <param name="mask">True where to: [batch].</param>
    public void Forget(Tensor mask)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor whole = mask.reshape(-1, 1, 1);
        _latents!.masked_fill_(whole, 0);
        _residuals!.masked_fill_(whole, 0);
    }

    /// <summary>Keeps some samples only.</summary>
    public void Restrict(Tensor samples)
    {
        Select(ref _lastLatent, samples);
        Select(ref _lastResidual, samples);
        Select(ref _latents, samples);
        Select(ref _residuals, samples);
    }

    public void Dispose()
    {
        _lastLatent?.Dispose();
        _lastResidual?.Dispose();
        _latents?.Dispose();
        _residuals?.Dispose();
    }

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
