using System.Text.Json;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>One file that holds all a run needs to go on; replaced whole or not at all, and taken up whole or not at all.</summary>
internal static class Checkpoint
{
    private const string PositionKey = "position";
    private const string EarlierVersion = "it was written by an earlier version. Begin the run again in another folder.";

    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors, TrainingPosition position)
    {
        Dictionary<string, string> metadata =
            new() { [PositionKey] = JsonSerializer.Serialize(position, PositionJson.Default.TrainingPosition) };
        SafetensorsFile.Write(path, tensors, metadata);
    }

    /// <summary>Takes up a checkpoint. Its checksum is looked at first; nothing is changed unless all of it is whole and fits.</summary>
    /// <param name="file">Its content; the caller keeps it.</param>
    /// <param name="path">Where it is, for messages.</param>
    /// <param name="tensors">The run's tensors, which are overwritten.</param>
    /// <param name="identity">What the run is known by.</param>
    /// <param name="limits">How far the run can have come.</param>
    /// <exception cref="WeightsFileException">
    /// The file is damaged, of an earlier version, of another run, or does not fit the network.
    /// </exception>
    public static TrainingPosition Read(
        SafetensorsFile file, string path, TrainingTensors tensors, OptionNames identity, PositionLimits limits)
    {
        using DisposeScope scope = NewDisposeScope();
        if (!file.Metadata.ContainsKey(SafetensorsChecksum.Key))
        {
            throw new WeightsFileException(path, $"it has no checksum: it is no checkpoint, or {EarlierVersion}");
        }

        TrainingPosition position = ReadPosition(file, path);
        if (position.Identity is null || position.Version != TrainingPosition.CurrentVersion)
        {
            throw new WeightsFileException(path, EarlierVersion);
        }

        if (identity.DifferenceFrom(position.Identity) is { } difference)
        {
            throw new WeightsFileException(path, $"it belongs to another run: {difference}.");
        }

        if (limits.Fault(position) is { } fault)
        {
            throw new WeightsFileException(path, $"its position cannot be one of this run: {fault}.");
        }

        NonFiniteIndex.Refuse(tensors.Bounded(file.Tensors), path);
        tensors.Restore(file, path, position.BestEpoch > 0, limits.Step(position));
        return position;
    }

    private static TrainingPosition ReadPosition(SafetensorsFile file, string path)
    {
        try
        {
            return file.Metadata.TryGetValue(PositionKey, out string? json)
                ? JsonShape.Read(json, PositionJson.Default.TrainingPosition)
                : throw new WeightsFileException(path, "it holds no position; this is no checkpoint.");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new WeightsFileException(path, $"its position cannot be read: {JsonShape.Line(exception)}", exception);
        }
    }
}
