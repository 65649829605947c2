using ImplicitNet.Files;

namespace ImplicitNet.Training.Data;

/// <summary>A published data set of labelled images: what its files are called, where they are, and how to normalise them.</summary>
/// <remarks>
/// There are the kinds of this library only: <see cref="IdxDatasetDefinition"/>, <see cref="Cifar10Definition"/>,
/// <see cref="SvhnDefinition"/>.
/// </remarks>
public abstract record DatasetDefinition
{
    private protected DatasetDefinition()
    {
    }

    /// <summary>The name under which it is known.</summary>
    public required string Title { get; init; }

    /// <summary>The name of its folder within a folder of data sets.</summary>
    public required string FolderName { get; init; }

    /// <summary>Number of classes, from 1 to 256.</summary>
    public required int ClassCount { get; init; }

    /// <summary>How its bytes become inputs.</summary>
    public required PixelNormalization Normalization { get; init; }

    /// <summary>Addresses of folders that hold the published files, each ending in '/'; tried in this order.</summary>
    public required IReadOnlyList<Uri> Mirrors { get; init; }

    /// <summary>The published files that are downloaded.</summary>
    public abstract IReadOnlyList<DatasetFile> Files { get; }

    /// <summary>Looks for all that is needed in one folder, in any form that can be read.</summary>
    /// <returns>What reads both parts, or null where something is missing.</returns>
    internal abstract Func<TrainTest>? Find(string folder);

    /// <summary>What none of the folders has, in words.</summary>
    internal abstract string Missing(IReadOnlyList<string> folders);
}
