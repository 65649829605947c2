using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace ImplicitNet.Models;

/// <summary><c>config.json</c> of an implicit network.</summary>
internal sealed record ModelConfigFile() : NetworkConfigFile(absoluteTolerance: 0, maxSteps: 100)
{
    // Behind those that every network has.
    private const int Behind = 1;

    [JsonPropertyOrder(Behind)]
    [DisallowNull]
    public string? Solver { get; init; }

    [JsonPropertyOrder(Behind)]
    public double Damping { get; init; } = 1;

    [JsonPropertyOrder(Behind)]
    public int? Memory { get; init; }

    [JsonPropertyOrder(Behind)]
    public string Gradient { get; init; } = GradientChoice.Default;
}
