using System.Text.Json.Serialization;

namespace ImplicitNet.Models.Flows;

/// <summary><c>config.json</c> of a network with a flow.</summary>
internal sealed record FlowConfigFile() : NetworkConfigFile(absoluteTolerance: 1e-3, maxSteps: 1_000)
{
    // Behind those that every network has. A file of an older version has none.
    [JsonPropertyOrder(1)]
    public string Method { get; init; } = MethodChoice.Default;
}
