using ImplicitNet.Networks;

namespace ImplicitNet.Cli.Kinds;

/// <summary>A restoration network that stands in a comparison.</summary>
/// <param name="Folder">Where it lies, as it was named.</param>
/// <param name="Network">In evaluation mode.</param>
internal sealed record ComparedModel(string Folder, ImplicitNetwork Network)
{
    /// <summary>In tables and charts; null for the only one.</summary>
    public string? Name { get; init; }

    /// <summary>Solver steps that it was trained through; null where it was trained for the fixed point.</summary>
    public int? TrainedSteps { get; init; }
}
