using System.Globalization;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.History;

namespace ImplicitNet.Reports;

/// <summary>Charts of loss, accuracy and learning rate over the epochs of a run.</summary>
internal static class LearningCurveCharts
{
    // With more epochs than this, markers would run into each other.
    private const int MostMarkers = 25;

    // Losses whose largest and smallest differ by more than this share a linear axis badly.
    private const double LogRatio = 30;

    /// <summary>Training and validation loss; on a logarithmic axis where the losses span more than a factor of 30.</summary>
    /// <param name="curves">The epochs.</param>
    public static Chart Loss(LearningCurves curves)
    {
        ArgumentNullException.ThrowIfNull(curves);
        double[] losses = Finite(curves, epoch => epoch.TrainLoss, epoch => epoch.ValidationLoss);
        bool isLog = losses.Length > 0 && losses.Min() > 0 && losses.Max() / losses.Min() > LogRatio;

        // A loss that has fallen far is seen against zero, one that has hardly moved in detail.
        bool hasZero = losses.Length > 0 && losses.Min() >= 0 && losses.Min() < losses.Max() / 3;
        ChartAxis y = isLog
            ? LogAxis.ForValues(losses)
            : LinearAxis.ForValues(hasZero ? losses.Append(0) : losses, hasZero ? 0 : double.NegativeInfinity);
        return Draw(
            curves,
            "Loss",
            "Mean loss per sample",
            y,
            epoch => epoch.TrainLoss,
            epoch => epoch.ValidationLoss,
            value => WrittenNumber.Of(value, 4));
    }

    /// <summary>Training and validation accuracy in per cent.</summary>
    /// <param name="curves">The epochs.</param>
    public static Chart Accuracy(LearningCurves curves)
    {
        ArgumentNullException.ThrowIfNull(curves);
        double[] accuracies = Finite(curves, epoch => 100 * epoch.TrainAccuracy, epoch => 100 * epoch.ValidationAccuracy);
        ChartAxis y = LinearAxis.ForValues(accuracies, lowest: 0, highest: 100.5);
        return Draw(
            curves, "Accuracy", "Accuracy (%)", y, epoch => 100 * epoch.TrainAccuracy, epoch => 100 * epoch.ValidationAccuracy, PerCent);
    }

    /// <summary>The learning rate, on a logarithmic axis where it changes by more than a factor of 30.</summary>
    /// <param name="curves">The epochs.</param>
    public static Chart LearningRate(LearningCurves curves)
    {
        ArgumentNullException.ThrowIfNull(curves);
        double[] rates = Finite(curves, epoch => epoch.LearningRate);
        bool isLog = rates.Length > 0 && rates.Min() > 0 && rates.Max() / rates.Min() > LogRatio;
        ChartAxis y = isLog ? LogAxis.ForValues(rates) : LinearAxis.ForValues(rates, lowest: 0);
        ChartPanel panel = Panel(curves, "Learning rate", y);
        panel.Line(null, Points(curves, epoch => epoch.LearningRate), ChartPen.Thick(ChartColour.Third), Marker(curves));
        MarkResumed(panel, curves);
        string description = Describe("Learning rate", curves, epoch => epoch.LearningRate, value => WrittenNumber.Of(value));
        return new Chart("Learning rate", description, panel);
    }

    private static Chart Draw(
        LearningCurves curves,
        string title,
        string label,
        ChartAxis y,
        Func<EpochRecord, double?> train,
        Func<EpochRecord, double?> validation,
        Func<double, string> text)
    {
        string description = $"{Describe(title + " in training", curves, train, text)} "
            + $"{Describe("In validation", curves, validation, text)}";
        ChartPanel panel = Panel(curves, label, y);
        MarkResumed(panel, curves);
        double[] broken = [.. curves.Epochs
            .Where(epoch => train(epoch) is { } a && !double.IsFinite(a) || validation(epoch) is { } b && !double.IsFinite(b))
            .Select(epoch => (double)epoch.Epoch)];
        panel.MarkX("not finite", broken, ChartPen.Mark(ChartColour.Bad, ChartDash.Dotted));
        AddLine("training", train, series: 0);
        AddLine("validation", validation, series: 1);
        if (curves.Epochs.FirstOrDefault(epoch => epoch.Epoch == curves.ChosenEpoch) is { } chosen && validation(chosen) is { } kept
            && double.IsFinite(kept))
        {
            panel.Ring($"kept: epoch {chosen.Epoch}", chosen.Epoch, kept, ChartColour.Good);
        }

        return new Chart(title, description, panel);

        void AddLine(string name, Func<EpochRecord, double?> value, int series)
        {
            if (curves.Epochs.Any(epoch => value(epoch) is not null))
            {
                panel.Line(name, Points(curves, value), SeriesStyle.Of(series).Line, Marker(curves));
            }
        }
    }

    private static ChartMarker? Marker(LearningCurves curves) => curves.Epochs.Count <= MostMarkers ? ChartMarker.Circle : null;

    private static ChartPanel Panel(LearningCurves curves, string label, ChartAxis y) =>
        new(
            "Epoch",
            LinearAxis.ForIntegers(curves.Epochs.Min(epoch => epoch.Epoch), curves.Epochs.Max(epoch => epoch.Epoch)),
            label,
            y);

    private static void MarkResumed(ChartPanel panel, LearningCurves curves) => panel.MarkX(
        "resumed", [.. curves.ResumedAfter.Select(epoch => epoch + 0.5)], ChartPen.Mark(ChartColour.Faint, ChartDash.Dashed));

    private static string PerCent(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.00} %");

    private static (double X, double Y)[] Points(LearningCurves curves, Func<EpochRecord, double?> value) =>
        [.. curves.Epochs.Where(epoch => value(epoch) is not null).Select(epoch => ((double)epoch.Epoch, value(epoch)!.Value))];

    private static double[] Finite(LearningCurves curves, params Func<EpochRecord, double?>[] values) =>
        [.. curves.Epochs.SelectMany(epoch => values.Select(value => value(epoch) ?? double.NaN)).Where(double.IsFinite)];

    private static string Describe(string what, LearningCurves curves, Func<EpochRecord, double?> value, Func<double, string> text)
    {
        double[] known = [.. curves.Epochs.Select(value).OfType<double>()];
        return known switch
        {
            [] => $"{what}: not measured.",
            [double only] => $"{what}: {Text(only)} after one epoch.",
            [double first, .., double last] => $"{what}: from {Text(first)} to {Text(last)} over {known.Length} epochs.",
        };

        string Text(double number) => double.IsNaN(number)
            ? "no sample that converged"
            : text(number);
    }
}
