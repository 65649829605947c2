using ImplicitNet.Files.Safetensors;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>
/// A copy of the weights and buffers that were the best so far, and of those that training stands at while the network has these.
/// </summary>
internal sealed class BestWeights(nn.Module network) : IDisposable
{
    private readonly Dictionary<string, Tensor> _held = [];

    /// <summary>By name; empty before the first epoch. Owned by this object.</summary>
    public Dictionary<string, Tensor> Values { get; } = [];

    /// <summary>Takes the network's weights as they are.</summary>
    /// <param name="path">Where they are written too; null for nowhere.</param>
    public void Keep(string? path)
    {
        using IDisposable noGraph = no_grad();
        foreach ((string name, Tensor weight) in network.state_dict())
        {
            if (Values.TryGetValue(name, out Tensor? kept))
            {
                kept.copy_(weight);
            }
            else
            {
                Values[name] = weight.clone().DetachFromDisposeScope();
            }
        }

        if (path is not null)
        {
            SafetensorsFile.Write(path, Values);
        }
    }

    /// <summary>Puts them into the network, where there are any, and holds what it had until <see cref="Resume"/>.</summary>
    public void Restore()
    {
        if (Values.Count == 0)
        {
            return;
        }

        using IDisposable noGraph = no_grad();
        Forget();
        foreach ((string name, Tensor weight) in network.state_dict().Where(entry => Values.ContainsKey(entry.Key)))
        {
            _held[name] = weight.clone().DetachFromDisposeScope();
            weight.copy_(Values[name]);
        }
    }

    /// <summary>Puts the weights that training stands at back into the network, where they were held.</summary>
    public void Resume()
    {
        using IDisposable noGraph = no_grad();
        foreach ((string name, Tensor weight) in _held.Count > 0 ? network.state_dict().Where(entry => _held.ContainsKey(entry.Key)) : [])
        {
            weight.copy_(_held[name]);
        }

        Forget();
    }

    /// <summary>Holds nothing any more: training goes on from elsewhere.</summary>
    public void Forget()
    {
        foreach (Tensor weight in _held.Values)
        {
            weight.Dispose();
        }

        _held.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        foreach (Tensor weight in Values.Values)
        {
            weight.Dispose();
        }
    }
}
