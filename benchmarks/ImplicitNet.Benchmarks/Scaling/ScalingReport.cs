using System.Globalization;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Files;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Benchmarks.Scaling;

/// <summary>All measurements: as comma-separated values, a table and a picture.</summary>
internal sealed class ScalingReport(Machine machine, ScalingPoint middle, IReadOnlyList<ScalingAxis> axes)
{
    private const double Mebibyte = 1048576;

    /// <summary>Writes scaling.csv, scaling.png and scaling.svg.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <returns>The paths.</returns>
    /// <exception cref="IOException">A file could not be written.</exception>
    public IReadOnlyList<string> Write(string folder)
    {
        string[] paths = [.. ((string[])["csv", "png", "svg"]).Select(format => Path.Combine(folder, $"scaling.{format}"))];
        IEnumerable<string> lines = axes.SelectMany(axis => axis.Measurements.Select(one => string.Create(
            CultureInfo.InvariantCulture,
            $"{axis.Name},{one.Point.Batch},{one.Point.Channels},{one.Point.Side},{one.Point.Steps},{one.Point.Threads},"
                + $"{one.TrainingSeconds:G6},{one.InferenceSeconds:G6},{one.PeakBytes},{one.BaseBytes}\n")));
        AtomicFile.WriteText(paths[0],
            $"axis,batch,channels,side,steps,threads,training_seconds,inference_seconds,peak_bytes,base_bytes\n{string.Concat(lines)}");
        Chart chart = ScalingChart.Create($"Others: {middle}. {machine.InstructionSet}, "
            + $"{Cli.Display.Counted(machine.Cores, "core")}", axes);
        chart.Save(paths[1]);
        chart.Save(paths[2]);
        return paths;
    }

    /// <summary>One row for each measurement.</summary>
    public ReportTable Table() => new(
        ["Varied", "Value", "Training step (ms)", "Inference (ms)", "Peak (MiB)"],
        [.. axes.SelectMany(axis => axis.Measurements.Select(one => (IReadOnlyList<string>)
        [
            axis.Name,
            axis.Value(one.Point).ToString(CultureInfo.InvariantCulture),
            (one.TrainingSeconds * 1000).ToString("0.0", CultureInfo.InvariantCulture),
            (one.InferenceSeconds * 1000).ToString("0.0", CultureInfo.InvariantCulture),
            (one.PeakBytes / Mebibyte).ToString("N0", CultureInfo.InvariantCulture),
        ]))]);
}
