using System.Globalization;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Reports;

/// <summary>The chart of how many starts agree where an answer is right and where it is wrong.</summary>
internal static class StartsChart
{
    private const double Thickness = 0.38;

    /// <summary>Draws two bars a number of agreeing starts: shares of the right and of the wrong answers, so that few are seen.</summary>
    /// <param name="title">The title.</param>
    /// <param name="study">At least one sample.</param>
    public static Chart Create(string title, StartsStudy study)
    {
        ChartPanel panel = new(
            $"Starts of {study.Starts} that come to the same answer",
            LinearAxis.ForIntegers(0, study.Starts),
            "Share (%)",
            LinearAxis.ForHeights(100));
        List<string> words = [];
        foreach ((string name, bool isRight, ChartColour colour, double shift) in
            ((string, bool, ChartColour, double)[])[("right", true, ChartColour.First, -0.5), ("wrong", false, ChartColour.Second, 0.5)])
        {
            long[] counts = study.Counts(isRight);
            long all = counts.Sum();
            for (int agreeing = 0; agreeing <= study.Starts && all > 0; agreeing++)
            {
                double middle = agreeing + (shift * Thickness), height = 100.0 * counts[agreeing] / all;
                panel.Bar((middle - (Thickness / 2), 0), (middle + (Thickness / 2), height), colour);
            }

            panel.Key(string.Create(CultureInfo.InvariantCulture, $"{all:N0} {name} answers"), colour);
            words.Add(all == 0 ? $"No answer is {name}." : string.Create(
                CultureInfo.InvariantCulture,
                $"Of {all:N0} {name} answers {100.0 * counts[^1] / all:0.0} % are the same from all {study.Starts} starts."));
        }

        string area = double.IsNaN(study.AreaUnderCurve) ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $" Area under the curve by which agreement tells right from wrong: {study.AreaUnderCurve:0.000}.");
        string turned = study.IsTurned ? " For each start what is solved is turned or mirrored in another way." : "";
        return new Chart(title, string.Join(' ', words) + area + turned, panel);
    }
}
