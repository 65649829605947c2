using ImplicitNet.Networks;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>
/// What decides the final weights of a run, name by name. A checkpoint is gone on with by a run of the same identity alone: nobody's
/// weights are to be half of one run and half of another.
/// </summary>
internal sealed class RunIdentity
{
    private readonly OptionNames _options = new();

    /// <summary>That of a run.</summary>
    public RunIdentity(ImplicitNetwork network, BatchSource train, BatchSource validation, TrainingOptions options)
    {
        _options.Add("data", train.Dataset.Name);
        _options.Add("data images", train.Dataset.Count);
        _options.Add("validation", validation.Dataset.Name);
        _options.Add("validation images", validation.Dataset.Count);
        _options.Add("batches", train.Options);
        _options.Add("training", Deciding(options));
        _options.Add("solver", network.Solver);
        _options.Add("stopping", network.Stopping);
        _options.Add("gradient", options.Escalation is null ? network.Gradient : null);
        _options.Add("on failure", network.OnFailure);
    }

    /// <summary>Value by name, as checkpoints keep it.</summary>
    public IReadOnlyDictionary<string, string> Values => _options.Values;

    /// <summary>
    /// How this run differs from the one of a checkpoint; null where it does not. An option that the checkpoint does not know is newer
    /// than it, and was at its default then.
    /// </summary>
    /// <param name="kept">The checkpoint's values.</param>
    /// <returns>One line.</returns>
    public string? DifferenceFrom(IReadOnlyDictionary<string, string> kept)
    {
        string[] differences =
        [
            .. Values.Keys.Where(name => !kept.ContainsKey(name) && !_options.IsDefault(name)).Select(name => Difference(name, "nothing", Values[name])),
            .. kept.Where(pair => !Values.TryGetValue(pair.Key, out string? value) || value != pair.Value)
                .Select(pair => Difference(pair.Key, pair.Value, Values.GetValueOrDefault(pair.Key, "nothing"))),
        ];
        return differences.Length == 0 ? null : string.Join("; ", differences);
    }

    private static string Difference(string name, string then, string now) => $"{name} was {then} and is {now}";

    /// <summary>How often something is written decides nothing; nor do certificates without a policy. With one, the gradient is the policy's.</summary>
    private static TrainingOptions Deciding(TrainingOptions options)
    {
        TrainingOptions deciding = options with { CheckpointSteps = 1, LogSteps = 1 };
        return options.Escalation is null ? deciding with { CertificateSteps = null, Certifier = new() } : deciding;
    }
}
