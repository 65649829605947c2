using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training;

/// <summary>
/// What decides the final weights of a run. A checkpoint is gone on with by a run of the same identity alone: nobody's weights are to be
/// half of one run and half of another.
/// </summary>
internal static class RunIdentity
{
    public static OptionNames Of(
        TrainedModel model, TrainingTask task, BatchSource train, IReadOnlyList<BatchSource?> validation, TrainingOptions options)
    {
        OptionNames names = new();
        names.Add("task", task);
        names.Add("data", train.Name);
        names.Add("data images", train.Count);
        for (int place = 0; place < validation.Count; place++)
        {
            if (validation[place] is not { } source)
            {
                continue;
            }

            names.Add(Numbered("validation", place), source.Name);
            names.Add(Numbered("validation images", place), source.Count);
            if (source is not ImageBatches) // known by name and count, as checkpoints have always known them
            {
                names.Add(Numbered("validation batches", place), source.Identity);
            }
        }

        names.Add("batches", train.Identity);
        if (train is IndexedBatches { IsShuffled: false }) // what is not said of a run was shuffled
        {
            names.Add("batches in order", true);
        }

        names.Add("training", Deciding(options));
        IReadOnlyList<ImplicitLayer> layers = model.Layers;
        for (int place = 0; place < layers.Count; place++)
        {
            SolveSettings settings = layers[place].Settings;
            names.Add(Numbered("solver", place), settings.Solver);
            names.Add(Numbered("stopping", place), settings.Stopping);
            names.Add(Numbered("gradient", place), options.Escalation is null ? settings.Gradient : null);
            names.Add(Numbered("on failure", place), settings.OnFailure);
        }

        return names;
    }

    private static string Numbered(string name, int place) => place == 0 ? name : $"{name} {place + 1}";

    // How often something is written decides nothing, nor does when the run ends; nor do certificates without a policy. With one, the
    // gradient is the policy's.
    private static TrainingOptions Deciding(TrainingOptions options)
    {
        TrainingOptions deciding = options with { CheckpointSteps = 1, LogSteps = 1, Stop = null };
        return options.Escalation is null ? deciding with { CertificateSteps = null, Certifier = new() } : deciding;
    }
}
