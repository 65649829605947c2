using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Training;

/// <summary>
/// What decides the final weights of a run. A checkpoint is gone on with by a run of the same identity alone: nobody's weights are to be
/// half of one run and half of another.
/// </summary>
internal static class RunIdentity
{
    public static OptionNames Of(ImplicitNetwork network, ImageBatches train, ImageBatches validation, TrainingOptions options)
    {
        OptionNames names = new();
        names.Add("data", train.Dataset.Name);
        names.Add("data images", train.Dataset.Count);
        names.Add("validation", validation.Dataset.Name);
        names.Add("validation images", validation.Dataset.Count);
        names.Add("batches", train.Options);
        names.Add("training", Deciding(options));
        names.Add("solver", network.Settings.Solver);
        names.Add("stopping", network.Settings.Stopping);
        names.Add("gradient", options.Escalation is null ? network.Settings.Gradient : null);
        names.Add("on failure", network.Settings.OnFailure);
        return names;
    }

    // How often something is written decides nothing; nor do certificates without a policy. With one, the gradient is the policy's.
    private static TrainingOptions Deciding(TrainingOptions options)
    {
        TrainingOptions deciding = options with { CheckpointSteps = 1, LogSteps = 1 };
        return options.Escalation is null ? deciding with { CertificateSteps = null, Certifier = new() } : deciding;
    }
}
