using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>A model and how it answers a batch: in the model's dtype, on its device.</summary>
internal sealed class TrainedModel
{
    private readonly Func<Batch, Tensor> _forward;
    private readonly Parameter? _first;
    private readonly Dictionary<string, Parameter> _known;
    private nn.Module[] _fixed = [];

    /// <summary>Takes a model of any inputs.</summary>
    /// <param name="module">The model; the caller keeps it.</param>
    /// <param name="forward">Calls it with what a batch holds.</param>
    /// <exception cref="ArgumentException">The weights of one of its layers are out of sight (<see cref="LostWeights"/>).</exception>
    public TrainedModel(nn.Module module, Func<Batch, Tensor> forward)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(forward);
        LostWeights.EnsureNone(module);
        (Module, _forward) = (module, forward);
        _first = module.parameters().FirstOrDefault(parameter => parameter.is_floating_point());
        _known = module.named_parameters().ToDictionary(parameter => parameter.name, parameter => parameter.parameter);
    }

    /// <summary>Takes a model of one input: that of the batch.</summary>
    public TrainedModel(nn.Module<Tensor, Tensor> module)
        : this(module, batch => module.call(batch.Inputs))
    {
    }

    public nn.Module Module { get; }

    /// <summary>The implicit layers that are parts of the model, in its order.</summary>
    public IReadOnlyList<ImplicitLayer> Layers => [.. Module.modules().Prepend(Module).OfType<ImplicitLayer>().Distinct()];

    /// <summary>The largest contraction factor that its layers declare; null where there is none, or one declares none.</summary>
    public double? DeclaredFactor => Largest(contraction => contraction.DeclaredFactor);

    /// <summary>Where its first parameter is; the processor where it has none.</summary>
    public Device Device => _first?.device ?? CPU;

    /// <summary>The largest contraction factor that its layers certify; null where there is none, or one certifies none.</summary>
    public double? CertifyFactor() => Largest(contraction => contraction.CertifyFactor());

    /// <summary>Brings a batch to the model's device, and what of it is floating point to the model's dtype.</summary>
    public void Take(Batch batch)
    {
        if (_first is not null)
        {
            batch.Convert(_first.dtype, _first.device);
        }
    }

    /// <summary>
    /// In training mode, but for parts that are in evaluation mode while the whole is not: somebody has put them there. A run that goes on
    /// after the whole was put into evaluation mode knows them still.
    /// </summary>
    /// <exception cref="InvalidOperationException">The model has other parameters than at first.</exception>
    public void BeginToTrain()
    {
        EnsureSameParameters();
        if (Module.training)
        {
            _fixed = [.. Module.modules().Where(part => !part.training)];
            return;
        }

        Module.train();
        foreach (nn.Module part in _fixed)
        {
            part.eval();
        }
    }

    /// <summary>Refuses other parameters than the model had at first: no optimiser has them.</summary>
    /// <exception cref="InvalidOperationException">One was added, or has taken the place of another.</exception>
    public void EnsureSameParameters()
    {
        foreach ((string name, Parameter parameter) in Module.named_parameters())
        {
            if (!ReferenceEquals(_known.GetValueOrDefault(name), parameter))
            {
                throw new InvalidOperationException(
                    $"{Module.GetType().Name} has {(_known.ContainsKey(name) ? "another" : "the")} parameter '{name}' since the trainer "
                    + "was made, and nothing trains it. Add parts and convert the model (to) first, or make a new trainer.");
            }
        }
    }

    /// <summary>The model's answer to a batch that was taken.</summary>
    /// <exception cref="InvalidOperationException">It is null, or torch refuses something on the way.</exception>
    public Tensor Answer(Batch batch) => TorchMessage.Guarded(
        (Model: this, Batch: batch),
        static given => given.Model._forward(given.Batch),
        static (given, said) => new InvalidOperationException(
            $"{given.Model.Module.GetType().Name} cannot answer inputs {TensorCheck.Describe(given.Batch.Inputs)}: {said}"))
        ?? throw new InvalidOperationException($"{Module.GetType().Name} answered a batch with null.");

    /// <summary>The losses of a task, which must be one a sample.</summary>
    /// <exception cref="InvalidOperationException">They are not.</exception>
    public static Tensor Losses(TrainingTask task, Tensor output, Batch batch)
    {
        Tensor? losses = TorchMessage.Guarded(
            (Task: task, Output: output, Batch: batch),
            static given => given.Task.Losses(given.Output, given.Batch),
            static (given, said) => Refusal(given.Task, given.Output, given.Batch, "has no losses", said));
        return losses is { ndim: 1 } && losses.shape[0] == batch.Count && losses.is_floating_point()
            ? losses
            : throw new InvalidOperationException(
                $"{task.GetType().Name} must give one floating-point loss for each of {batch.Count} samples. Given: "
                + (losses is null ? "null." : $"{losses.dtype} [{string.Join(", ", losses.shape)}]."));
    }

    /// <summary>What a task measures, sample by sample, in float64.</summary>
    /// <exception cref="InvalidOperationException">
    /// A measurement is not one number a sample, a name comes twice, or what chooses the best epoch is not measured.
    /// </exception>
    public static IReadOnlyList<(string Name, double[] Values)> Measure(TrainingTask task, Tensor output, Batch batch)
    {
        IReadOnlyList<Measurement> measured = TorchMessage.Guarded(
            (Task: task, Output: output, Batch: batch),
            static given => given.Task.Measure(given.Output, given.Batch),
            static (given, said) => Refusal(given.Task, given.Output, given.Batch, "cannot measure", said));
        if (task.Score.Name != Score.Loss.Name && !measured.Any(each => each.Name == task.Score.Name))
        {
            throw new InvalidOperationException(
                $"{task.GetType().Name} chooses the best epoch by '{task.Score.Name}', and does not measure that. "
                + $"It measures: {string.Join(", ", measured.Select(each => $"'{each.Name}'").Append($"'{Score.Loss.Name}'"))}.");
        }

        if (measured.Count == 0)
        {
            return [];
        }

        (string Name, double[] Values)[] values = new (string, double[])[measured.Count];
        for (int place = 0; place < values.Length; place++)
        {
            (string name, Tensor numbers) = measured[place];
            if (numbers.ndim != 1 || numbers.shape[0] != batch.Count || Array.Exists(values[..place], known => known.Name == name))
            {
                throw new InvalidOperationException(
                    $"{task.GetType().Name} must measure one number for each of {batch.Count} samples, under a name of its own. "
                    + $"Given: '{name}' [{string.Join(", ", numbers.shape)}].");
            }

            values[place] = (name, [.. numbers.detach().to(ScalarType.Float64).cpu().data<double>()]);
        }

        return values;
    }

    private static InvalidOperationException Refusal(TrainingTask task, Tensor output, Batch batch, string what, string said) => new(
        $"{task.GetType().Name} {what} for outputs {TensorCheck.Describe(output)} and targets {TensorCheck.Describe(batch.Targets)}: "
        + said);

    private double? Largest(Func<IContraction, double?> factor)
    {
        double?[] factors = [.. Layers.Select(layer => layer.Operator is IContraction contraction ? factor(contraction) : null)];
        return factors.Length > 0 && Array.TrueForAll(factors, value => value is not null) ? factors.Max() : null;
    }
}
