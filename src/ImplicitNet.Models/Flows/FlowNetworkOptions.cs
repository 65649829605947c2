using ImplicitNet.Networks;

namespace ImplicitNet.Models.Flows;

/// <summary>The description of a network with a flow in it, without its weights: one sealed record for each architecture.</summary>
public abstract record FlowNetworkOptions : NetworkOptions
{
    // Bounds of what is built, far beyond the networks here: a configuration is a small file, and may announce anything.
    private protected const int MostWidth = 4096;

    private protected FlowNetworkOptions()
    {
    }

    /// <summary>Zeros that are appended to the state; 0 to 4096; default 0: none.</summary>
    public int Zeros { get; init => field = Within(value, 0, MostWidth, nameof(Zeros)); }

    /// <inheritdoc/>
    public sealed override FlowModel CreateNetwork() => CreateNetwork(new FlowSettings());

    /// <summary>Builds the network, with weights drawn from torch's random state. The caller owns it.</summary>
    /// <param name="settings">How its flow is followed.</param>
    public abstract FlowModel CreateNetwork(FlowSettings settings);
}
