using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Data.Series;

namespace ImplicitNet.Reports.Flows;

/// <summary>The chart of what was observed of time series and what is forecast.</summary>
internal static class ForecastChart
{
    // So many rows before a forecast are seen for each row of it.
    private const int RowsBefore = 4;
    private const int MostMarkers = 60;

    /// <summary>Draws a panel for each column of each series.</summary>
    /// <param name="title">The title.</param>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="observed">The series.</param>
    /// <param name="forecasts">Times behind those of each series, and values; NaN where there is none.</param>
    public static Chart Create(
        string title, IReadOnlyList<string> columns, IReadOnlyList<TimeSeries> observed,
        IReadOnlyList<IReadOnlyList<(double Time, IReadOnlyList<double> Values)>> forecasts) => new(
            title,
            FormattableString.Invariant($"{observed.Count} series of {string.Join(", ", columns)}, observed, ")
                + FormattableString.Invariant($"and {forecasts[0].Count} times forecast."),
            [
                .. observed.Zip(forecasts).SelectMany(pair => columns.Select((column, place) => Panel(
                    pair.First.Name.Length > 0 ? $"{pair.First.Name}: {column}" : column,
                    Last(pair.First, place, RowsBefore * pair.Second.Count),
                    [.. Begin(pair.First, place, pair.Second[0].Time), .. pair.Second.Select(row => (row.Time, row.Values[place]))]))),
            ]);

    private static ChartPanel Panel(string name, (double X, double Y)[] observed, (double X, double Y)[] forecast)
    {
        (double X, double Y)[] all = [.. observed, .. forecast];
        ChartPanel panel = new(
            "Time", LinearAxis.ForValues(all.Select(point => point.X)), name, LinearAxis.ForValues(all.Select(point => point.Y)));
        panel.Line("observed", observed, ChartPen.Thick(ChartColour.First), observed.Length <= MostMarkers ? ChartMarker.Circle : null);
        panel.Line("forecast", forecast, ChartPen.Thick(ChartColour.Second, ChartDash.Dashed), ChartMarker.Circle);
        return panel;
    }

    /// <summary>The row that a forecast goes on from, the last before it in which nothing is missing.</summary>
    private static IEnumerable<(double X, double Y)> Begin(TimeSeries series, int column, double first)
    {
        int row = series.Times.Length - 1;
        while (row >= 0 && !(series.Times[row] < first && series.IsComplete(row)))
        {
            row--;
        }

        return row < 0 ? [] : [(series.Times[row], series[row][column])];
    }

    // What is missing is no gap of the line: the next row that has it goes on.
    private static (double X, double Y)[] Last(TimeSeries series, int column, int rows)
    {
        List<(double, double)> points = [];
        for (int row = Math.Max(0, series.Times.Length - rows); row < series.Times.Length; row++)
        {
            if (series[row][column] is var value && !double.IsNaN(value))
            {
                points.Add((series.Times[row], value));
            }
        }

        return [.. points];
    }
}
