using ImplicitNet.Networks;
using ImplicitNet.Training.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>
/// The tensors of a run that are not a function of its seed: weights and buffers, the optimiser's moments, the average,
/// the best weights, and torch's random state. Collected under names for a checkpoint, and put back from one.
/// </summary>
internal sealed class TrainingTensors(nn.Module network, AdamW optimizer, WeightAverage? average, Dictionary<string, Tensor> best, LatentCache? latents)
{
    private const string RandomState = "random/torch";
    private const string Latents = "latents/";
    private const string OptimizerSteps = "optimizer/steps";

    /// <summary>Everything, by name. New tensors among them are in the caller's dispose scope; the rest stay where they are.</summary>
    public Dictionary<string, Tensor> Collect()
    {
        Dictionary<string, Tensor> tensors = [];
        foreach ((string name, Tensor target) in Targets())
        {
            tensors[name] = target;
        }

        foreach ((string name, Tensor value) in latents?.Collect() ?? [])
        {
            tensors[Latents + name] = value;
        }

        tensors[RandomState] = get_rng_state();
        tensors[OptimizerSteps] = tensor(States().Select(state => state.step).ToArray());
        return tensors;
    }

    /// <summary>Puts back what a checkpoint holds. Nothing is changed unless all of it fits.</summary>
    /// <exception cref="WeightsFileException">A tensor is missing or of another shape or type.</exception>
    public void Restore(SafetensorsFile file, string path, bool hasBest)
    {
        using IDisposable noGraph = no_grad();
        if (hasBest)
        {
            foreach ((string name, Tensor weight) in network.state_dict())
            {
                best[name] = weight.clone().DetachFromDisposeScope();
            }
        }

        (string Name, Tensor Target)[] targets = [.. Targets()];
        foreach ((string name, Tensor target) in targets)
        {
            Find(file, path, name, target.shape, target.dtype);
        }

        AdamW.State[] states = [.. States()];
        long[] steps = [.. Find(file, path, OptimizerSteps, [states.Length], ScalarType.Int64).data<long>()];
        Tensor random = Find(file, path, RandomState, [get_rng_state().numel()], ScalarType.Byte);
        RestoreLatents(file, path);
        foreach ((string name, Tensor target) in targets)
        {
            target.copy_(file.Tensors[name]);
        }

        for (int i = 0; i < states.Length; i++)
        {
            states[i].step = steps[i];
        }

        set_rng_state(random);
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
            : throw new WeightsFileException(path, $"tensor '{name}' is {found.dtype} [{string.Join(", ", found.shape)}]; the run needs {dtype} [{string.Join(", ", shape)}].");
    }

    private IEnumerable<AdamW.State> States() => optimizer.state_dict().State.Cast<AdamW.State>();

    private IEnumerable<(string Name, Tensor Target)> Targets()
    {
        foreach ((string name, Tensor weight) in network.state_dict())
        {
            yield return ($"network/{name}", weight);
        }

        foreach ((string name, AdamW.State state) in network.named_parameters().Select(parameter => parameter.name).Zip(States()))
        {
            yield return ($"optimizer/mean/{name}", state.exp_avg);
            yield return ($"optimizer/square/{name}", state.exp_avg_sq);
        }

        foreach ((string name, Tensor value) in average?.Values ?? new Dictionary<string, Tensor>())
        {
            yield return ($"average/{name}", value);
        }

        foreach ((string name, Tensor weight) in best)
        {
            yield return ($"best/{name}", weight);
        }
    }
}
