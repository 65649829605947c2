using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// What running a network changes beside its result, running statistics and torch's random state, as it was; put back on
/// disposal. The random state is the processor's: that of a device cannot be read, and training seeds it anew for every step.
/// </summary>
internal sealed class NetworkState : IDisposable
{
    private readonly List<(Tensor Buffer, Tensor Value)> _buffers;
    private readonly Tensor _random;

    /// <param name="network">The network; null where there is none, and so no buffers.</param>
    public NetworkState(nn.Module? network)
    {
        using IDisposable noGraph = no_grad();
        _buffers = [.. (network?.named_buffers() ?? []).Select(entry => (entry.buffer, entry.buffer.clone().DetachFromDisposeScope()))];
        _random = RandomState.Get().DetachFromDisposeScope();
    }

    /// <summary>Puts it back. What has not changed is not written: a graph may have saved it.</summary>
    public void Restore()
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((Tensor buffer, Tensor value) in _buffers)
        {
            Tensor isSame = (buffer.eq(value) | (buffer.ne(buffer) & value.ne(value))).all();
            if (!isSame.ToBoolean())
            {
                buffer.copy_(value);
            }
        }

        RandomState.Set(_random);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Restore();
        foreach ((_, Tensor value) in _buffers)
        {
            value.Dispose();
        }

        _random.Dispose();
    }
}
