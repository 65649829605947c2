using ImplicitNet.Flows;
using ImplicitNet.Networks;

namespace ImplicitNet.Models.Flows;

/// <summary>The description of a saved network with a flow, apart from its weights: all that is needed to build it again.</summary>
public sealed record FlowModelConfig : NetworkConfig
{
    /// <inheritdoc/>
    public override NetworkOptions Options => Network;

    /// <summary>The architecture and its sizes.</summary>
    public required FlowNetworkOptions Network
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Network));
    }

    /// <summary>
    /// The method of its steps: "tsit5", "dopri5", "bosh3", "heun" or "midpoint", those of <see cref="ButcherTableau"/> that tell the error
    /// of a step; default "tsit5".
    /// </summary>
    /// <exception cref="ArgumentException">It is none of them.</exception>
    public string Method
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _ = MethodChoice.Create(value); // refuses a name that there is not
            field = value;
        }
    } = MethodChoice.Default;

    /// <summary>Relative tolerance of a step, dimensionless; at least 0 and finite; default 1e-3.</summary>
    public override double RelativeTolerance
    {
        get;
        init => field = new PidController { RelativeTolerance = value }.RelativeTolerance!.Value;
    } = 1e-3;

    /// <summary>Absolute tolerance of a step, in the units of the state; at least 0 and finite; default 1e-3.</summary>
    public override double AbsoluteTolerance
    {
        get;
        init => field = new PidController { AbsoluteTolerance = value }.AbsoluteTolerance!.Value;
    } = 1e-3;

    /// <summary>Steps that a sample tries at most; at least 1; default 1000.</summary>
    public override int MaxSteps
    {
        get;
        init => field = new PidController { MaxSteps = value }.MaxSteps;
    } = 1_000;

    /// <summary>How the flow is followed; failures throw.</summary>
    public FlowSettings CreateSettings() => new()
    {
        Solver = MethodChoice.Create(Method),
        Steps = new PidController { RelativeTolerance = RelativeTolerance, AbsoluteTolerance = AbsoluteTolerance, MaxSteps = MaxSteps },
    };

    /// <summary>Builds the network, with weights drawn from torch's random state. The caller owns it.</summary>
    /// <exception cref="ArgumentException">Its values do not go together.</exception>
    public override FlowModel CreateNetwork()
    {
        Network.EnsureFits();
        return Network.CreateNetwork(CreateSettings());
    }

    private protected override NetworkConfigFile ToFile() => new FlowConfigFile { Data = Data, Method = Method };
}
