using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>
/// An exponential moving average of a network's weights: <c>average &lt;- decay average + (1 - decay) weight</c> after every step, with the
/// decay lowered to <c>(1 + n) / (10 + n)</c> in the first steps. Buffers are copied as they are.
/// </summary>
public sealed class WeightAverage : IDisposable
{
    private readonly nn.Module _network;
    private readonly double _decay;
    private readonly Dictionary<string, Tensor> _values = [];

    /// <summary>Creates the average, which begins with the weights as they are.</summary>
    /// <param name="network">The network; the caller keeps it.</param>
    /// <param name="decay">The decay per step, in (0, 1).</param>
    public WeightAverage(nn.Module network, double decay)
    {
        ArgumentNullException.ThrowIfNull(network);
        _decay = decay is > 0 and < 1 ? decay : throw new ArgumentOutOfRangeException(nameof(decay), decay, "The decay must be in (0, 1).");
        _network = network;
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor weight) in network.named_parameters())
        {
            _values[name] = weight.detach().clone().DetachFromDisposeScope();
        }
    }

    /// <summary>The averages by parameter name. Owned by this object.</summary>
    public IReadOnlyDictionary<string, Tensor> Values => _values;

    /// <summary>Adds the weights after a step to the average.</summary>
    /// <param name="steps">Steps made in the run, this one included.</param>
    public void Update(long steps)
    {
        using IDisposable noGraph = no_grad();
        double decay = Math.Min(_decay, (1.0 + steps) / (10 + steps));
        foreach ((string name, Tensor weight) in _network.named_parameters())
        {
            using DisposeScope scope = NewDisposeScope();
            _values[name].lerp_(weight, 1 - decay);
        }
    }

    /// <summary>Replaces the weights of the network by the averages until the result is disposed, which restores the weights.</summary>
    public IDisposable Apply()
    {
        Exchange exchange = new(_network, _values);
        exchange.Swap();
        return exchange;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor value in _values.Values)
        {
            value.Dispose();
        }
    }

    private sealed class Exchange(nn.Module network, Dictionary<string, Tensor> values) : IDisposable
    {
        private bool _isBack;

        public void Swap()
        {
            using IDisposable noGraph = no_grad();
            foreach ((string name, Tensor weight) in network.named_parameters())
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor held = weight.clone();
                weight.copy_(values[name]);
                values[name].copy_(held);
            }
        }

        public void Dispose()
        {
            if (!_isBack)
            {
                _isBack = true;
                Swap();
            }
        }
    }
}
