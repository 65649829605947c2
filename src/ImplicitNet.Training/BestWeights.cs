using ImplicitNet.Files.Safetensors;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>A copy of the weights and buffers that were the best on validation so far.</summary>
internal sealed class BestWeights(nn.Module network) : IDisposable
{
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

    /// <summary>Puts them back into the network.</summary>
    public void Restore()
    {
        using IDisposable noGraph = no_grad();
        foreach ((string name, Tensor weight) in network.state_dict())
        {
            weight.copy_(Values[name]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor weight in Values.Values)
        {
            weight.Dispose();
        }
    }
}
