using System.Diagnostics;
using System.Globalization;
using ImplicitNet.Training;
using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows a training run: a line for every epoch, and a bar for where it stands.</summary>
internal sealed class TrainingScreen(
    Terminal terminal, Bar bar, EpochColumns columns, int batchSize, string samples, CancellationToken cancellation)
    : IProgress<TrainingEvent>
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private long? _firstStep;
    private bool _isTold;

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
            case TrainingEvent.Notice notice:
                terminal.Tell($"[yellow]{Markup.Escape(notice.Message)}[/]");
                break;
            case TrainingEvent.EpochFinished epoch:
                terminal.Tell(columns.Line(epoch));
                break;
        }
    }

    private string Step(TrainingEvent.StepFinished step)
    {
        double rate = (step.Step - _firstStep!.Value) * batchSize / Math.Max(1e-9, Stopwatch.GetElapsedTime(_begin).TotalSeconds);
        string loss = double.IsNaN(step.Loss) ? "no sample converged" : Display.Number(step.Loss, step.Loss < 0.1 ? "0.00000" : "0.000");
        string accuracy = double.IsNaN(step.Accuracy) ? "" : $"  accuracy {Display.Number(100 * step.Accuracy, "0.0")} %";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {step.Epoch}  loss {loss}{accuracy}  {step.SolverSteps:0.0} steps  {rate:0} {samples}/s");
    }
}
