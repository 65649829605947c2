using System.Diagnostics;
using ImplicitNet.Cli.Reproduction;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Training.History;

namespace ImplicitNet.Cli.Commands;

/// <summary>
/// Measures what trainings cost here: each once for some steps, as a run in a process of its own in a folder of its own. What is
/// measured is kept beside the run.
/// </summary>
internal sealed class Calibration(Terminal terminal, string folder, ReproductionAim aim, LoadedData data, CancellationToken cancellation)
{
    private const int LeastSteps = 20;
    private const int MostSteps = 200;

    // Half an hour pays for the most steps.
    private const double StepsPerHour = 400;

    // Enough to time an image.
    private const int EvaluatedImages = 500;

    // Evaluating after 1, 2, 3, 5 and 10 applications of R costs about as much as three tests, and one more start.
    private const double StudyTests = 3;

    private int Steps => Math.Min(
        Math.Clamp((int)(aim.Hours * StepsPerHour), LeastSteps, MostSteps), Math.Max(1, data.Splits.Train.Count / aim.Clean.Batch));

    /// <summary>Measures every training.</summary>
    /// <param name="trainings">The trainings.</param>
    /// <param name="look">Given the costs known so far after each; what it throws ends the calibration.</param>
    /// <returns>The costs, in the order of the trainings.</returns>
    /// <exception cref="CommandException">A calibration failed.</exception>
    public IReadOnlyList<TrainingCost> Run(IReadOnlyList<ReproducedTraining> trainings, Action<IReadOnlyList<TrainingCost>> look) =>
        terminal.WithBar(bar =>
        {
            List<TrainingCost> costs = [];
            foreach (ReproducedTraining training in trainings)
            {
                bar.Show((double)costs.Count / trainings.Count, () => $"calibrating: {training.Title}");
                TrainingCost cost = Measure(training);
                terminal.Tell($"  {training.Title,-28} {Display.Seconds(cost.SecondsPerEpoch)} per epoch, "
                    + $"{Display.Seconds(cost.SecondsPerRun)} beside");
                costs.Add(cost);
                look(costs);
            }

            return costs;
        });

    private TrainingCost Measure(ReproducedTraining training)
    {
        RunSettings settings = ReproductionSettings.Of(aim.Clean, training.Name);
        RunSettings trial = settings with
        {
            Epochs = 1,
            Seed = aim.Seeds[0],
            Images = Math.Min(Steps * settings.Batch, data.Splits.Train.Count),
            Validation = Math.Min(EvaluatedImages, data.Splits.Validation.Count),
            TestImages = Math.Min(EvaluatedImages, data.Splits.Test.Count),
        };
        NamedRun run = NamedRun.In(folder, training.Name, trial);

        // Begun anew even if it is there: a time is that of a whole process.
        if (Directory.Exists(run.Folder))
        {
            Directory.Delete(run.Folder, recursive: true);
        }

        RunSeries.Prepare([run]);
        long begin = Stopwatch.GetTimestamp();
        (int code, _, string error) = OwnProcess.Run(
            ["train", "--resume", "--quiet", "--output", run.Folder], static () => { }, new Dictionary<string, string>(), cancellation);
        if (code != ExitCodes.Success)
        {
            throw new CommandException($"calibrating {training.Title}: "
                + $"{(error.Length > 0 ? error.Replace("error: ", "", StringComparison.Ordinal) : $"exit code {code}")}");
        }

        return Cost(training, settings, trial, RunHistory.ReadEpochs(run.History)[0], Stopwatch.GetElapsedTime(begin).TotalSeconds);
    }

    private TrainingCost Cost(ReproducedTraining training, RunSettings settings, RunSettings trial, EpochRecord epoch, double whole)
    {
        double perImage = epoch.Times!.Value.Validation / trial.Validation;
        double perStep = (epoch.Seconds!.Value - epoch.Times.Value.Validation) / epoch.Step;
        double steps = Math.Ceiling((double)data.Splits.Train.Count / settings.Batch);
        double start = Math.Max(0, whole - epoch.Seconds.Value);
        double test = perImage * data.Splits.Test.Count;
        return new TrainingCost
        {
            Name = training.Name,
            SecondsPerEpoch = Math.Max(1e-3, (perStep * steps) + (perImage * data.Splits.Validation.Count)),
            SecondsPerRun = start + test + (training.Name == ReproducedTraining.JacobianFree ? start + (StudyTests * test) : 0),
        };
    }
}
