using ImplicitNet.Files;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Settings;

/// <summary>A data set in memory.</summary>
/// <param name="Splits">Its three parts.</param>
/// <param name="Normalization">That of its training part.</param>
internal sealed record LoadedData(DataSplits Splits, PixelNormalization Normalization)
{
    /// <summary>What is unusual about the files, such as a test part that is not whole.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
