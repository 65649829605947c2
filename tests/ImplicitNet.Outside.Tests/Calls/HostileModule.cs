using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>A hostile map as a module of u and q, with its weight as a parameter.</summary>
internal sealed class HostileModule : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly HostileMap _map;
    private readonly HostileMap.State _state;

    public HostileModule(HostileMap map)
        : base(nameof(HostileModule))
    {
        _map = map;
        Parameter weight = new(full([1], 0.5f));
        register_parameter("weight", weight);
        _state = new HostileMap.State(weight);
    }

    public override Tensor forward(Tensor u, Tensor q) => _map.Evaluate(_state, u, q);
}

/// <summary>A hostile map as an encoder or a readout: of one tensor, which is u and q.</summary>
internal sealed class HostileStage : nn.Module<Tensor, Tensor>
{
    private readonly HostileModule _module;

    public HostileStage(HostileMap map)
        : base(nameof(HostileStage))
    {
        _module = new HostileModule(map);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => _module.call(input, input);
}
