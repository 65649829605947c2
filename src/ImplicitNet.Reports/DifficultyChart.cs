using System.Globalization;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Reports;

/// <summary>The chart of solver steps over how hard samples are: whether a network takes more steps where more are needed.</summary>
internal static class DifficultyChart
{
    private const double Radius = 2.6;
    private const double Opacity = 0.55;

    /// <summary>Draws one point a sample.</summary>
    /// <param name="title">The title.</param>
    /// <param name="label">What is hard about a sample, with its unit.</param>
    /// <param name="difficulties">One a sample.</param>
    /// <param name="study">The same samples, at least one.</param>
    public static Chart Create(string title, string label, IReadOnlyList<int> difficulties, StepStudy study)
    {
        if (difficulties.Count != study.Samples.Count || difficulties.Count == 0)
        {
            throw new ArgumentException(
                $"As many difficulties as samples are needed, at least one; given: {difficulties.Count} and {study.Samples.Count}.",
                nameof(difficulties));
        }

        ChartPanel panel = new(
            label,
            LinearAxis.ForValues(difficulties.Select(value => (double)value), lowest: 0),
            "Solver steps",
            LinearAxis.ForValues(study.Samples.Select(sample => (double)sample.Steps), lowest: 0));
        (string Name, bool IsRight, ChartMarker Marker, ChartColour Colour)[] kinds =
        [
            ("right", true, ChartMarker.Circle, ChartColour.First), ("wrong", false, ChartMarker.Series(1), ChartColour.Second),
        ];
        foreach ((string name, bool isRight, ChartMarker marker, ChartColour colour) in kinds)
        {
            (double X, double Y)[] points =
            [
                .. difficulties.Zip(study.Samples).Where(pair => pair.Second.IsRight == isRight)
                    .Select(pair => ((double)pair.First, (double)pair.Second.Steps)),
            ];
            if (points.Length > 0)
            {
                panel.Points(points, marker, Radius, colour with { Opacity = Opacity });
                panel.Explain(name, new ChartPen(colour, 0), marker);
            }
        }

        double correlation = RankCorrelation(difficulties, [.. study.Samples.Select(sample => sample.Steps)]);
        string relation = double.IsNaN(correlation) ? "" : string.Create(
            CultureInfo.InvariantCulture, $" The rank correlation of both is {correlation:0.00}.");
        return new Chart(title, string.Create(
            CultureInfo.InvariantCulture,
            $"{study.Samples.Count:N0} samples took {study.Samples.Min(sample => sample.Steps):N0} to "
                + $"{study.Samples.Max(sample => sample.Steps):N0} steps; {study.Samples.Count(sample => !sample.IsRight):N0} are wrong.")
            + relation, panel);
    }

    /// <summary>
    /// Spearman's, "The proof and measurement of association between two things", 1904: the correlation of the ranks, equal values sharing
    /// the mean of theirs; in [-1, 1], NaN where either is all the same.
    /// </summary>
    public static double RankCorrelation(IReadOnlyList<int> first, IReadOnlyList<int> second)
    {
        (double[] a, double[] b) = (Ranks(first), Ranks(second));
        double middle = (first.Count - 1) / 2.0;
        double product = a.Zip(b, (x, y) => (x - middle) * (y - middle)).Sum();
        return product / Math.Sqrt(a.Sum(x => (x - middle) * (x - middle)) * b.Sum(y => (y - middle) * (y - middle)));
    }

    private static double[] Ranks(IReadOnlyList<int> values)
    {
        double[] ranks = new double[values.Count];
        int rank = 0;
        foreach (IGrouping<int, int> equal in Enumerable.Range(0, values.Count).GroupBy(i => values[i]).OrderBy(group => group.Key))
        {
            int count = equal.Count();
            foreach (int i in equal)
            {
                ranks[i] = rank + ((count - 1) / 2.0);
            }

            rank += count;
        }

        return ranks;
    }
}
