using System.Text.Json;
using ImplicitNet.Training.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>One file that holds all a run needs to go on; replaced whole or not at all.</summary>
internal static class Checkpoint
{
    private const string PositionKey = "position";

    public static void Write(string path, TrainingTensors tensors, TrainingPosition position)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Dictionary<string, string> metadata = new() { [PositionKey] = JsonSerializer.Serialize(position, PositionJson.Default.TrainingPosition) };
        SafetensorsFile.Write(path, tensors.Collect(), metadata);
    }

    /// <exception cref="WeightsFileException">The file breaks its format, belongs to another run, or does not fit the network.</exception>
    public static TrainingPosition Read(string path, TrainingTensors tensors, string fingerprint)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Read(path);
        TrainingPosition position = ReadPosition(file, path);
        if (position.Fingerprint != fingerprint)
        {
            throw new WeightsFileException(path, $"it belongs to another run. It was made with {position.Fingerprint}; this run has {fingerprint}.");
        }

        tensors.Restore(file, path, position.BestEpoch > 0);
        return position;
    }

    private static TrainingPosition ReadPosition(SafetensorsFile file, string path)
    {
        try
        {
            return file.Metadata.TryGetValue(PositionKey, out string? json)
                ? JsonSerializer.Deserialize(json, PositionJson.Default.TrainingPosition)
                    ?? throw new WeightsFileException(path, "its position is null.")
                : throw new WeightsFileException(path, "it holds no position; this is no checkpoint.");
        }
        catch (JsonException exception)
        {
            throw new WeightsFileException(path, $"its position cannot be read: {exception.Message}", exception);
        }
    }
}
