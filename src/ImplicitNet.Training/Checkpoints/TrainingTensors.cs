using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Kernels;
using ImplicitNet.Networks;
using ImplicitNet.Training.Optimizers;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>
/// The tensors of a run that are not a function of its seed: weights and buffers, the optimiser's moments, the average,
/// the best weights, and torch's random state. Collected under names for a checkpoint, and put back from one.
/// </summary>
internal sealed class TrainingTensors(
    nn.Module network, OptimizerMemory? optimizer, WeightAverage? average, Dictionary<string, Tensor> best, LatentCache? latents)
{
    private const string RandomStateName = "random/torch";
    private const string Latents = "latents/";
    private const string Best = "best/";
    private const string OptimizerSteps = "optimizer/steps";

    // Minus infinity where a mask forbids, say: constants of the model, which training does not make.
    private readonly HashSet<string> _unbounded =
        [.. network.named_buffers().Where(entry => NonFiniteIndex.Find(entry.buffer) is not null).Select(entry => entry.name)];

    /// <summary>Those of a run's tensors that must be finite: all but buffers that were not when it was prepared.</summary>
    /// <param name="tensors">By their names in the model or in a checkpoint.</param>
    public IEnumerable<KeyValuePair<string, Tensor>> Bounded(IEnumerable<KeyValuePair<string, Tensor>> tensors) => _unbounded.Count == 0
        ? tensors
        : tensors.Where(entry => !_unbounded.Contains(entry.Key[(entry.Key.IndexOf('/', StringComparison.Ordinal) + 1)..]));

    /// <summary>Those that a step moves, the caller's to write into: all but the best weights, latents and random state.</summary>
    public IEnumerable<Tensor> Moving() =>
        Targets().Where(entry => !entry.Name.StartsWith(Best, StringComparison.Ordinal)).Select(entry => entry.Target);

    /// <summary>Everything, by name. New tensors among them are in the caller's dispose scope; the rest stay where they are.</summary>
    /// <param name="gathered">Latents of several ranks, in place of this one's; null for these.</param>
    public Dictionary<string, Tensor> Collect(Dictionary<string, Tensor>? gathered)
    {
        Dictionary<string, Tensor> tensors = [];
        foreach ((string name, Tensor target) in Targets())
        {
            tensors[name] = target;
        }

        foreach ((string name, Tensor value) in gathered ?? latents?.Collect() ?? [])
        {
            tensors[Latents + name] = value;
        }

        tensors[RandomStateName] = RandomState.Get();
        if (optimizer?.Steps is { Length: > 0 } steps)
        {
            tensors[OptimizerSteps] = tensor(steps);
        }

        return tensors;
    }

    /// <summary>Puts back what a checkpoint holds. Nothing is changed unless all of it fits.</summary>
    /// <param name="file">The checkpoint, which is whole.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="hasBest">Whether it has best weights.</param>
    /// <param name="step">Steps made in the run by then.</param>
    /// <exception cref="WeightsFileException">A tensor is missing, of another shape or type, or holds what it cannot.</exception>
    public void Restore(SafetensorsFile file, string path, bool hasBest, long step)
    {
        using IDisposable noGraph = no_grad();
        (string Name, Tensor Target)[] targets = [.. Targets()];
        Dictionary<string, Tensor> weights = network.state_dict();
        foreach ((string name, Tensor target) in targets.Concat(hasBest ? Named(Best, weights) : []))
        {
            Find(file, path, name, target.shape, target.dtype);
        }

        long[] steps = optimizer?.Steps is { Length: > 0 } counts
            ? [.. Find(file, path, OptimizerSteps, [counts.Length], ScalarType.Int64).data<long>()]
            : [];
        if (Array.FindIndex(steps, count => count < 0 || count > step) is >= 0 and var wrong)
        {
            throw new WeightsFileException(path, $"tensor '{OptimizerSteps}' holds {steps[wrong]}; the run had made {step} steps.");
        }

        Tensor random = Find(file, path, RandomStateName, [RandomState.Length], ScalarType.Byte);
        if (RandomState.Fault(random) is { } fault)
        {
            throw new WeightsFileException(path, $"tensor '{RandomStateName}' is no random state: {fault}.");
        }

        // The last that may be refused, and all or nothing by itself.
        RestoreLatents(file, path);
        foreach ((string name, Tensor target) in targets)
        {
            target.copy_(file.Tensors[name]);
        }

        foreach ((string name, Tensor weight) in hasBest ? Named(Best, weights) : [])
        {
            Tensor kept = file.Tensors[name].to(weight.device).clone().DetachFromDisposeScope();
            if (best.Remove(name[Best.Length..], out Tensor? old))
            {
                old.Dispose();
            }

            best[name[Best.Length..]] = kept;
        }

        if (optimizer is not null)
        {
            optimizer.Steps = steps;
        }

        RandomState.Set(random);
    }

    private void RestoreLatents(SafetensorsFile file, string path)
    {
        try
        {
            latents?.Restore(file.Tensors.Where(entry => entry.Key.StartsWith(Latents, StringComparison.Ordinal))
                .ToDictionary(entry => entry.Key[Latents.Length..], entry => entry.Value));
        }
        catch (ArgumentException exception)
        {
            throw new WeightsFileException(path, $"tensors '{Latents}...': {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    private static Tensor Find(SafetensorsFile file, string path, string name, long[] shape, ScalarType dtype)
    {
        if (!file.Tensors.TryGetValue(name, out Tensor? found))
        {
            throw new WeightsFileException(path, $"tensor '{name}' is missing; this is no checkpoint of such a network.");
        }

        return found.shape.AsSpan().SequenceEqual(shape) && found.dtype == dtype
            ? found
            : throw new WeightsFileException(path, $"tensor '{name}' is {found.dtype} [{string.Join(", ", found.shape)}]; "
                + $"the run needs {dtype} [{string.Join(", ", shape)}].");
    }

    private IEnumerable<(string Name, Tensor Target)> Targets()
    {
        foreach ((string name, Tensor weight) in network.state_dict())
        {
            yield return ($"network/{name}", weight);
        }

        foreach ((string name, Tensor value) in optimizer?.Tensors ?? [])
        {
            yield return ($"optimizer/{name}", value);
        }

        foreach ((string name, Tensor value) in average?.Values ?? new Dictionary<string, Tensor>())
        {
            yield return ($"average/{name}", value);
        }

        foreach ((string name, Tensor weight) in Named(Best, best))
        {
            yield return (name, weight);
        }
    }

    private static IEnumerable<(string Name, Tensor Target)> Named(string prefix, Dictionary<string, Tensor> tensors) =>
        tensors.Select(entry => (prefix + entry.Key, entry.Value));
}
