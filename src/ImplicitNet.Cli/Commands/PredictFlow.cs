using System.Globalization;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Flows;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Reports.Flows;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Series;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>predict by a network with a flow: a forecast of time series, or a picture of the plane.</summary>
internal sealed class PredictFlow(Terminal terminal, string folder, FlowModel network, FlowModelConfig config)
{
    public const int UsualRows = 20;

    /// <summary>The picture of a plane in its model's folder, where no other is named.</summary>
    public const string PlaneFile = "predicted-plane.png";

    private const string PlaneName = "plane";
    private const int MostPanels = 12;
    private const int LeastWidth = 14;
    private const int MostDigits = 17;
    private const int PointsOfPlane = 60;

    /// <summary>Predicts.</summary>
    /// <param name="files">The file of a table, for a forecaster; "plane" for a network of points.</param>
    /// <param name="asked">Rows to forecast; null: the usual number.</param>
    /// <param name="output">File for the picture; null for none.</param>
    /// <exception cref="CommandException">The model does not take the files, or nothing can be drawn.</exception>
    public FlowPrediction Run(string[] files, int? asked, string? output)
    {
        if (output is not null && Path.GetExtension(output).ToUpperInvariant() is not (".PNG" or ".SVG"))
        {
            throw new CommandException($"--output {output}: the name of the picture must end in .png or .svg.", ExitCodes.Usage);
        }

        if (output is not null)
        {
            OutputFolder.EnsureThereFor(output);
        }

        if (asked is { } given && network is not SeriesForecaster)
        {
            throw new CommandException($"--rows {given} is for time series alone; {folder} is no model for them.", ExitCodes.Usage);
        }

        network.Flow.Layer.Settings = network.Flow.Layer.Settings with { OnFailure = new MaskFailures() };
        return network switch
        {
            SeriesForecaster forecaster => Forecast(forecaster, (SeriesForecasterOptions)config.Network, files, asked ?? UsualRows, output),
            NeuralOde ode when config is { Data: FlowData.Annuli, Network: NeuralOdeOptions { Inputs: 2, Outputs: 1 } } =>
                files is [PlaneName] ? Plane(ode, output) : throw new CommandException(
                $"{files[0]}: {folder} is a model for {config.Data}, which reads no files; name {PlaneName}, which is drawn.",
                ExitCodes.Usage),
            NeuralOde when config is { Data: FlowData.Annuli, Network: NeuralOdeOptions sizes } => throw new CommandException(
                $"{folder}: the network there has {sizes.Inputs} in and {sizes.Outputs} out; {FlowData.Annuli}, which its configuration "
                + "names, needs one with 2 in and 1 out.", ExitCodes.Usage),
            _ => throw new CommandException($"{folder}: there is nothing to predict by a model for {config.Data}.", ExitCodes.Usage),
        };
    }

    private FlowPrediction Plane(NeuralOde ode, string? output)
    {
        string picture = output ?? Path.Combine(folder, PlaneFile);
        (PhasePortrait portrait, IReadOnlyDictionary<string, long> statuses) =
            FlowPictures.Plane(ode, new Annuli(2, PointsOfPlane) { Part = DataPart.Test });
        long all = statuses.Values.Sum(), failed = all - statuses[nameof(FlowStatus.Completed)];
        if (portrait.Lines.Count == 0)
        {
            throw new CommandException(
                $"{folder}: {Display.Count(failed)} of {Display.Count(all)} flows failed, and no line is left to draw; "
                + "give them a larger --max-steps or --tolerance.");
        }

        portrait.Save(picture);
        ResultScreen.Row(
            terminal, "picture", picture,
            failed == 0 ? "" : $"without {Display.Count(failed)} of {Display.Count(all)} flows, which failed");
        return new FlowPrediction { Model = folder, Picture = picture, Statuses = statuses };
    }

    private FlowPrediction Forecast(
        SeriesForecaster forecaster, SeriesForecasterOptions options, string[] files, int rows, string? output)
    {
        if (files is not [string file])
        {
            throw new CommandException(
                $"{folder} forecasts one table at a time: name one file with the columns time, {string.Join(", ", options.Columns)}. "
                + $"Given: {files.Length}.", ExitCodes.Usage);
        }

        IReadOnlyList<TimeSeries> series = TimeSeriesFile.Read(file);
        if (!series[0].Columns.SequenceEqual(options.Columns))
        {
            throw new CommandException(
                $"{file}: the columns are {string.Join(", ", series[0].Columns)}; the model was trained on "
                + $"{string.Join(", ", options.Columns)}, in this order.");
        }

        if (output is not null && series.Count * options.Columns.Count > MostPanels)
        {
            throw new CommandException(
                $"--output {output}: {series.Count} series of {Display.Counted(options.Columns.Count, "column")} do not fit into one "
                + $"picture of {MostPanels} panels; take fewer series.");
        }

        FlowPrediction prediction = new()
        {
            Model = folder,
            File = file,
            Columns = options.Columns,
            Series = [.. series.Select(one => Continued(forecaster, options, one, rows, file))],
        };
        foreach (FlowPrediction.Forecast one in prediction.Series)
        {
            Show(one, options);
        }

        if (output is null)
        {
            return prediction;
        }

        ForecastChart.Create($"Forecast of {Path.GetFileName(file)}", options.Columns, [.. series], [.. prediction.Series.Select(Points)])
            .Save(output);
        ResultScreen.Row(terminal, "picture", output);
        return prediction with { Picture = output };
    }

    private FlowPrediction.Forecast Continued(
        SeriesForecaster forecaster, SeriesForecasterOptions options, TimeSeries series, int rows, string file)
    {
        int last = series.Times.Length - 1;
        while (last >= 0 && !series.IsComplete(last))
        {
            last--;
        }

        if (last < 0)
        {
            string which = series.Name.Length > 0 ? $" of series '{series.Name}'" : "";
            throw new CommandException($"{file}: no row{which} is without an empty cell; a forecast begins at one.");
        }

        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int columns = options.Columns.Count;
        float[] input = new float[columns + rows];
        Array.Fill(input, 1, columns, rows);
        for (int column = 0; column < columns; column++)
        {
            input[column] = (float)((series[last][column] - options.Means[column]) / options.Deviations[column]);
        }

        Tensor device = network.parameters().First();
        using SolveScope solves = new();
        float[] answers = [.. forecaster.call(tensor(input, [1, input.Length]).to(device.device)).flatten().cpu().data<float>()];
        double from = series.Times[last];
        return new FlowPrediction.Forecast
        {
            Name = series.Name,
            From = from,
            Unused = series.Times.Length - 1 - last,
            Status = solves.Flows[0].Report.Samples[0].Status.ToString(),
            Rows =
            [
                .. Enumerable.Range(0, rows).Select(row => new FlowPrediction.ForecastRow
                {
                    Time = from + ((row + 1) * options.TimeUnit),
                    Values =
                    [
                        .. Enumerable.Range(0, columns).Select(column => FiniteNumber.OrNull(
                            (answers[(row * columns) + column] * options.Deviations[column]) + options.Means[column])),
                    ],
                }),
            ],
        };
    }

    private static IReadOnlyList<(double Time, IReadOnlyList<double> Values)> Points(FlowPrediction.Forecast forecast) =>
        [.. forecast.Rows.Select(row => (row.Time, (IReadOnlyList<double>)[.. row.Values.Select(value => value ?? double.NaN)]))];

    private void Show(FlowPrediction.Forecast forecast, SeriesForecasterOptions options)
    {
        string name = forecast.Name.Length > 0 ? $"{forecast.Name}, " : "";
        int digits = Digits(Math.Max(Math.Abs(forecast.From), Math.Abs(forecast.Rows[^1].Time)), options.TimeUnit);
        string unused = forecast.Unused == 0 ? ""
            : $"; {Display.Counted(forecast.Unused, "row")} behind it "
                + $"{(forecast.Unused == 1 ? "has empty cells and is" : "have empty cells and are")} not used";
        terminal.Say($"  {Markup.Escape(name)}from time {Number(forecast.From, digits)}{unused}");
        IEnumerable<string> heads = options.Columns.Select(column => $"  {Markup.Escape(column.PadLeft(LeastWidth))}");
        terminal.Say($"[grey]  {"time",LeastWidth}{string.Concat(heads)}[/]");
        foreach (FlowPrediction.ForecastRow row in forecast.Rows)
        {
            IEnumerable<string> cells = row.Values.Select((value, column) => "  " + (value is { } known
                ? Number(known, Digits(Math.Abs(options.Means[column]), options.Deviations[column])) : "-")
                .PadLeft(Math.Max(LeastWidth, options.Columns[column].Length)));
            terminal.Say($"  {Number(row.Time, digits),LeastWidth}{string.Concat(cells)}");
        }

        if (forecast.Status != nameof(FlowStatus.Completed))
        {
            terminal.Say($"  [yellow]the flow ended before the last time: {forecast.Status}[/]");
        }
    }

    /// <summary>Digits by which numbers of a size can be told apart that differ by a small part of a unit.</summary>
    private static int Digits(double size, double unit) => size > unit ? Math.Clamp(6 + (int)Math.Log10(size / unit), 6, MostDigits) : 6;

    private static string Number(double value, int digits) => value.ToString($"g{digits}", CultureInfo.InvariantCulture);
}
