using System.Text.Json.Serialization;

namespace ImplicitNet.Models.Flows;

/// <summary>The description of a network whose vector field is a multilayer perceptron.</summary>
public abstract record PerceptronFlowOptions : FlowNetworkOptions
{
    private const int MostLayers = 16;

    private protected PerceptronFlowOptions()
    {
    }

    /// <summary>Units of each hidden layer of the vector field; 1 to 4096; default 32.</summary>
    public int Hidden { get; init => field = Within(value, 1, MostWidth, nameof(Hidden)); } = 32;

    /// <summary>Hidden layers of the vector field; 0 to 16; default 2.</summary>
    public int HiddenLayers { get; init => field = Within(value, 0, MostLayers, nameof(HiddenLayers)); } = 2;

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers => (long)Hidden * Hidden * Math.Max(0, HiddenLayers - 1);

    /// <summary>The field, for states of some numbers and of the zeros.</summary>
    internal PerceptronField CreateField(int width, bool isTimed) => new(width + Zeros, Hidden, HiddenLayers, isTimed);
}
