using System.Text.Json.Nodes;

namespace ImplicitNet.Cli;

/// <summary>What info prints under --json. Without a model, the model's members are null.</summary>
internal sealed record InfoResult
{
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required int Threads { get; init; }

    public required IReadOnlyList<string> Devices { get; init; }

    /// <summary>Which convolution solves without a graph have: the library's own, and by which registers, or torch's.</summary>
    public required string Convolutions { get; init; }

    /// <summary>The MPI library that train would use under a launcher, or that joins these ranks; null where there is none.</summary>
    public string? MpiLibrary { get; init; }

    /// <summary>Whose handles and constants it has: "Open MPI", "MPICH" or "the MPI standard".</summary>
    public string? MpiAbi { get; init; }

    /// <summary>How many processes the launcher has started; 1 without one.</summary>
    public required int Ranks { get; init; }

    public string? Model { get; init; }

    /// <summary>The content of config.json, with every default written out.</summary>
    public JsonNode? Config { get; init; }

    public long? Parameters { get; init; }

    public double? GammaDeclared { get; init; }

    public double? GammaCertified { get; init; }

    /// <summary>The SHA-256 that the weights' file says of itself, which was checked; null where it says none.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The norm that the factors are in, such as "L2".</summary>
    public string? GammaNorm { get; init; }

    /// <summary>m of a monotone operator, by construction; null of any other.</summary>
    public double? MonotonicityDeclared { get; init; }

    /// <summary>A rigorous lower bound of m for the weights as they are.</summary>
    public double? MonotonicityCertified { get; init; }

    /// <summary>A rigorous upper bound of the norm of I - W.</summary>
    public double? LipschitzBound { get; init; }
}
