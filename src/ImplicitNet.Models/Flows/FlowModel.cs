using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>A network with one flow in it, whose architecture and sizes are a <see cref="FlowNetworkOptions"/>.</summary>
public abstract class FlowModel : nn.Module<Tensor, Tensor>
{
    private protected FlowModel(FlowNetworkOptions options, nn.Module<Tensor, Tensor, Tensor> field, FlowSettings settings)
        : base((options ?? throw new ArgumentNullException(nameof(options))).Architecture)
    {
        Flow = new AugmentedFlow(new FlowLayer(field) { Settings = settings }, options.Zeros);
        register_module("flow", Flow);
    }

    /// <summary>The flow, whose settings say how it is followed. Owned by the network.</summary>
    public AugmentedFlow Flow { get; }
}
