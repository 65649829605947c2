using System.Diagnostics;
using System.Globalization;
using ImplicitNet.Training;
using ImplicitNet.Training.History;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows a training run: a line for every epoch, and a bar for where it stands.</summary>
internal sealed class TrainingScreen(Terminal terminal, Bar bar, int batchSize, CancellationToken cancellation) : IProgress<TrainingEvent>
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private long? _firstStep;
    private bool _isTold;

    /// <summary>The names of the columns of <see cref="Epoch"/>.</summary>
    public const string Header = "  epoch      loss  accuracy   val loss   val acc   steps   gamma     time";

    public void Report(TrainingEvent value)
    {
        if (cancellation.IsCancellationRequested && !_isTold)
        {
            _isTold = true;
            terminal.Tell("[yellow]Stopping with a checkpoint; a second Ctrl-C ends at once.[/]");
        }

        switch (value)
        {
            case TrainingEvent.StepFinished step:
                _firstStep ??= step.Step - 1;
                bar.Show((double)step.Step / step.Steps, () => Step(step));
                break;
            case TrainingEvent.GradientChanged changed:
                terminal.Tell(string.Create(
                    CultureInfo.InvariantCulture,
                    $"[yellow]  step {changed.Change.Step}: cosine {changed.Change.Cosine:0.000}; "
                    + $"on with {changed.Gradient.GetType().Name}[/]"));
                break;
            case TrainingEvent.EpochFinished epoch:
                terminal.Tell(Epoch(epoch));
                break;
        }
    }

    private static string Epoch(TrainingEvent.EpochFinished finished)
    {
        EpochRecord record = finished.Record;
        string gamma = finished.GammaCertified is { } certified ? Display.Number(certified) : "-";
        string training = double.IsFinite(record.TrainLoss ?? double.NaN)
            ? string.Create(CultureInfo.InvariantCulture, $"{record.TrainLoss,8:0.0000}  {100 * record.TrainAccuracy,6:0.00} %")
            : "no sample converged";
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"  {record.Epoch,5}  {training}   {record.ValidationLoss,8:0.0000}  {100 * record.ValidationAccuracy,6:0.00} %  "
            + $"{record.SolverSteps,6:0.0}  {gamma,6}  {Display.Seconds(record.Seconds ?? 0),7}");
        string failed = record.SolverFailures is > 0 and { } count
            ? $"  [yellow]{Display.Percent((double)count / finished.Solver.Samples)} of the solves did not converge[/]"
            : "";
        return (finished.IsBest ? $"{line}  [green]best[/]" : line) + failed;
    }

    private string Step(TrainingEvent.StepFinished step)
    {
        double rate = (step.Step - _firstStep!.Value) * batchSize / Math.Max(1e-9, Stopwatch.GetElapsedTime(_begin).TotalSeconds);
        string loss = double.IsNaN(step.Loss) ? "no sample converged" : Display.Number(step.Loss, "0.000");
        string accuracy = double.IsNaN(step.Accuracy) ? "-" : $"{Display.Number(100 * step.Accuracy, "0.0")} %";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {step.Epoch}  loss {loss}  accuracy {accuracy}  {step.SolverSteps:0.0} steps  {rate:0} images/s");
    }
}
