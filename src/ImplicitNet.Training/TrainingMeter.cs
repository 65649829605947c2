using System.Diagnostics.Metrics;

namespace ImplicitNet.Training;

/// <summary>
/// What trainings tell System.Diagnostics.Metrics, under the name <c>ImplicitNet.Training</c>: dotnet-counters and OpenTelemetry read it.
/// Costs nothing where nobody listens.
/// </summary>
internal static class TrainingMeter
{
    public const string Name = "ImplicitNet.Training";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Steps = Meter.CreateCounter<long>("implicitnet.training.steps", "{step}", "Optimiser steps.");
    private static readonly Counter<long> Samples = Meter.CreateCounter<long>(
        "implicitnet.training.samples", "{sample}", "Training samples that counted in a loss.");
    private static readonly Counter<long> Unsolved = Meter.CreateCounter<long>(
        "implicitnet.training.unsolved", "{solve}", "Solves of training samples that did not converge.");
    private static readonly Histogram<double> Loss = Meter.CreateHistogram<double>(
        "implicitnet.training.loss", null, "The mean loss of a batch.");
    private static readonly Histogram<double> SolverSteps = Meter.CreateHistogram<double>(
        "implicitnet.training.solver_steps", "{step}", "Mean solver steps of a batch's samples.");
    private static readonly Histogram<double> EpochSeconds = Meter.CreateHistogram<double>(
        "implicitnet.training.epoch", "s", "Wall-clock time of an epoch, validation included.");
    private static readonly Histogram<double> Score = Meter.CreateHistogram<double>(
        "implicitnet.training.score", null, "What chooses the best epoch, after every epoch.");

    /// <summary>A step was made.</summary>
    public static void Step(StepOutcome outcome)
    {
        Steps.Add(1);
        if (Samples.Enabled)
        {
            Samples.Add(outcome.Counted);
        }

        if (Unsolved.Enabled)
        {
            Unsolved.Add(outcome.Solves.Sum(scope => scope.Solves.Sum(solve =>
                solve.Report.Samples.LongCount(sample => sample.Status != Solvers.SolveStatus.Converged))));
        }

        if (!double.IsNaN(outcome.Loss))
        {
            Loss.Record(outcome.Loss);
        }

        if (SolverSteps.Enabled)
        {
            SolverSteps.Record(outcome.MeanSteps);
        }
    }

    /// <summary>An epoch ended.</summary>
    public static void Epoch(double seconds, double score)
    {
        EpochSeconds.Record(seconds);
        if (!double.IsNaN(score))
        {
            Score.Record(score);
        }
    }
}
