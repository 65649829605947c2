using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>Sizes of a <see cref="NeuralOde"/>; the defaults are for points of the plane with one number as the answer.</summary>
public sealed record NeuralOdeOptions : PerceptronFlowOptions
{
    internal const string Name = "neural-ode";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <summary>Numbers of an input, with which the state begins; 1 to 4096; default 2.</summary>
    public int Inputs { get; init => field = Within(value, 1, MostWidth, nameof(Inputs)); } = 2;

    /// <summary>
    /// Numbers of an answer, a linear function of the state at the end; 0 to 4096; default 1. 0: the flow alone, whose answer is the state
    /// at the end without what grew out of the zeros.
    /// </summary>
    public int Outputs { get; init => field = Within(value, 0, MostWidth, nameof(Outputs)); } = 1;

    /// <summary>Whether the vector field depends on time; default false.</summary>
    public bool IsTimed { get; init; }

    /// <inheritdoc/>
    public override FlowModel CreateNetwork(FlowSettings settings) => new NeuralOde(this, settings);

    internal override Tensor TrialInput(Tensor like) => Wave(like, 1, Inputs);
}
