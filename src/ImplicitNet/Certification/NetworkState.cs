using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// What running a network changes beside its result, running statistics and torch's random state, as it was; put back on
/// disposal.
/// </summary>
internal sealed class NetworkState : IDisposable
{
    private readonly List<(Tensor Buffer, Tensor Value)> _buffers;
    private readonly Tensor _random;

    public NetworkState(nn.Module network)
    {
        using IDisposable noGraph = no_grad();
        _buffers = [.. network.named_buffers().Select(entry => (entry.buffer, entry.buffer.clone().DetachFromDisposeScope()))];
        _random = get_rng_state().DetachFromDisposeScope();
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

        set_rng_state(_random);
        _random.Dispose();
    }
}
