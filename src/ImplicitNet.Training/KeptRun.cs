using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Distribution;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>What is kept of a run: the best weights, and checkpoints to go on from. Nothing that is not finite is.</summary>
/// <param name="folder">Where files go; null for nowhere.</param>
/// <param name="model">Whose weights.</param>
/// <param name="tensors">All of the run.</param>
/// <param name="best">The best weights.</param>
internal sealed class KeptRun(RunFolder? folder, nn.Module model, TrainingTensors tensors, BestWeights best)
{
    /// <summary>Takes up the last checkpoint; with several ranks the first one's file on all of them.</summary>
    /// <param name="identity">What the run is known by.</param>
    /// <param name="limits">How far it can have come.</param>
    /// <param name="agreement">Of the ranks; null for a process of its own.</param>
    /// <returns>Where the run stands; null, with nothing changed, where there is none.</returns>
    public TrainingPosition? Read(OptionNames identity, PositionLimits limits, Agreement? agreement)
    {
        string path = folder?.Checkpoint ?? "the checkpoint of rank 0";
        using SafetensorsFile? file = agreement is not null ? ReadTogether(path, agreement)
            : File.Exists(path) ? SafetensorsFile.Read(path) : null;
        if (file is null)
        {
            return null;
        }

        TrainingPosition position = Checkpoint.Read(file, path, tensors, identity, limits);
        best.Forget();
        return position;
    }

    /// <summary>Keeps the model's weights as the best.</summary>
    /// <param name="after">The step, epoch and rate that made them, for messages.</param>
    /// <param name="isFirst">Whether this is the rank that writes.</param>
    /// <exception cref="TrainingDivergedException">A weight is not finite.</exception>
    public void Keep((long Step, int Epoch, double Rate) after, bool isFirst)
    {
        EnsureFinite(model.state_dict(), "The weights are not finite", after);
        best.Keep(isFirst ? folder?.Model : null);
    }

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="position">Where the run stands.</param>
    /// <param name="after">The step, epoch and rate that made it, for messages.</param>
    /// <param name="latents">Of all ranks; null for this one's.</param>
    /// <returns>The file; null where there is no folder.</returns>
    /// <exception cref="TrainingDivergedException">Something of it is not finite.</exception>
    public string? Write(
        TrainingPosition position, (long Step, int Epoch, double Rate) after, Dictionary<string, Tensor>? latents = null)
    {
        if (folder is null)
        {
            return null;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Dictionary<string, Tensor> all = tensors.Collect(latents);
        EnsureFinite(all, "The state of the training is not finite", after);
        Checkpoint.Write(folder.Checkpoint, all, position);
        return folder.Checkpoint;
    }

    private static SafetensorsFile? ReadTogether(string path, Agreement agreement)
    {
        byte[]? own = agreement.Ranks.IsFirst && File.Exists(path) ? ReadAll(path) : null;
        int length = (int)agreement.Of(own?.Length ?? 0)[0];
        if (length == 0)
        {
            return null;
        }

        byte[] bytes = own ?? new byte[length];
        agreement.Ranks.Broadcast(bytes);
        using MemoryStream stream = new(bytes);
        return SafetensorsReader.Read(stream, path);
    }

    private static byte[] ReadAll(string path) => new FileInfo(path).Length <= Array.MaxLength
        ? File.ReadAllBytes(path)
        : throw new WeightsFileException(path, "several ranks read at most 2 GB, and it has more. Go on with it in one process.");

    /// <summary>What is kept must be usable later: buffers, moments and averages as well as weights.</summary>
    private void EnsureFinite(
        IEnumerable<KeyValuePair<string, Tensor>> all, string what, (long Step, int Epoch, double Rate) after) =>
        Finiteness.Ensure(tensors.Bounded(all), what, after.Step, after.Epoch, after.Rate);
}
