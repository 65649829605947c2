using ImplicitNet.Kernels;
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

    public NetworkState(nn.Module network)
    {
        using IDisposable noGraph = no_grad();
        _buffers = [.. network.named_buffers().Select(entry => (entry.buffer, entry.buffer.clone().DetachFromDisposeScope()))];
        _random = RandomState.Get().DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using IDisposable noGraph = no_grad();
        foreach ((Tensor buffer, Tensor value) in _buffers)
        {
            buffer.copy_(value);
            value.Dispose();
        }

        RandomState.Set(_random);
        _random.Dispose();
    }
}
