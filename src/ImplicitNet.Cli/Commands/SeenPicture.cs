using ImplicitNet.Cli.Images;

namespace ImplicitNet.Cli.Commands;

/// <summary>A picture before a model sees it: what the model gets, or why it gets nothing.</summary>
/// <param name="Path">The file.</param>
internal sealed record SeenPicture(string Path)
{
    /// <summary>[height, width, channels]; null where there is nothing to classify.</summary>
    public byte[]? Pixels { get; init; }

    /// <summary>Of a digit.</summary>
    public InkMeasure? Ink { get; init; }

    /// <summary>Why there is nothing: a status of <see cref="PredictionResult"/>.</summary>
    public string Status { get; init; } = "";

    /// <summary>The same in words.</summary>
    public string? Error { get; init; }
}
