using System.CommandLine;
using System.Globalization;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Commands;

/// <summary>evaluate of a restoration network: beside others and classical methods, in a table, charts and a picture.</summary>
internal sealed class RestorationRun
{
    private const string Sheet = "side-by-side.png";
    private const int Shown = 6;

    // What is so much worse than the best is no more than bad.
    private const double DecibelSpan = 10;
    private const double SimilaritySpan = 0.5;

    private readonly Terminal _terminal;
    private readonly SavedModel[] _models;
    private readonly RunFolder? _output;

    private RestorationRun(Terminal terminal, SavedModel[] models, RunFolder? output) =>
        (_terminal, _models, _output) = (terminal, models, output);

    /// <summary>The folders of the models beside the first.</summary>
    public IReadOnlyList<string> Beside => [.. _models.Skip(1).Select(model => model.Folder)];

    /// <summary>The option that names models beside the first.</summary>
    public static Option<string[]> BesideOption() => new("--beside")
    {
        Description = $"Another model for {RestorationKind.Restorations} of the same measurement, to stand in the same table, charts and "
            + "picture; may be given several times.",
        HelpName = "folder",
    };

    /// <summary>Opens a comparison, before anything is computed. Null for models of other kinds.</summary>
    /// <param name="terminal">Where it is told.</param>
    /// <param name="model">The model.</param>
    /// <param name="beside">Folders of others.</param>
    /// <param name="output">Folder of charts and picture; null for none.</param>
    /// <exception cref="CommandException">Models cannot be compared.</exception>
    /// <exception cref="IOException">The output cannot be written to.</exception>
    public static RestorationRun? Open(Terminal terminal, SavedModel model, IReadOnlyList<string> beside, string? output)
    {
        if (model.Config.Options is not RestorationOptions)
        {
            return beside.Count == 0 ? null : throw new CommandException(
                $"--beside {beside[0]}: that is for {RestorationKind.Restorations}; {model.Folder} is a model for {model.Config.Data}.",
                ExitCodes.Usage);
        }

        SavedModel[] models = [model, .. beside.Select(SavedModel.In)];
        foreach (SavedModel other in models.Skip(1))
        {
            EnsureSame(model, other);
        }

        return models.Select(each => Path.GetFullPath(Path.TrimEndingDirectorySeparator(each.Folder))).Distinct().Count() < models.Length
            ? throw new CommandException($"--beside {string.Join(" --beside ", beside)}: a model is named twice.", ExitCodes.Usage)
            : new RestorationRun(terminal, models, output is null ? null : new RunFolder(output));
    }

    private static void EnsureSame(SavedModel model, SavedModel other)
    {
        string own = Restores(model), others = Restores(other);
        if (own != others)
        {
            throw new CommandException(
                $"--beside {other.Folder}: both must restore the same. That is a model for {others}; {model.Folder} is one for {own}.",
                ExitCodes.Usage);
        }
    }

    private static string Restores(SavedModel model) =>
        model.Config.Options is RestorationOptions options && RunKinds.Of(options) is RestorationKind kind
            ? kind.Restores(options) : model.Config.Data;

    /// <summary>Compares, shows and draws.</summary>
    /// <param name="result">Of the first model alone.</param>
    /// <param name="network">The first model's, ready to be solved.</param>
    /// <param name="load">Loads another, ready to be solved.</param>
    /// <param name="source">The measurements with their images.</param>
    /// <param name="cancellation">Ends it.</param>
    public RunResult Execute(
        RunResult result, ImplicitNetwork network, Func<SavedModel, ImplicitNetwork> load, MeasuredImages source,
        CancellationToken cancellation)
    {
        ImplicitNetwork[] others = [.. _models.Skip(1).Select(load)];
        try
        {
            ComparedModel[] compared = [.. _models.Zip(others.Prepend(network), Compared)];
            return Execute(result, compared, source, cancellation);
        }
        finally
        {
            Array.ForEach(others, other => other.Dispose());
        }
    }

    private RunResult Execute(
        RunResult result, IReadOnlyList<ComparedModel> compared, MeasuredImages source, CancellationToken cancellation)
    {
        (IReadOnlyList<RestorationRow> rows, IReadOnlyList<PictureRow> sheet) = _terminal.WithBar(bar =>
        {
            RestorationComparison comparison = new(compared, source, new ShareProgress(bar, "comparing"), cancellation);
            return (comparison.Rows(), _output is null ? [] : comparison.Sheet(Shown));
        });
        ResultScreen.Restorations(_terminal, rows);
        result = result with { Restorations = rows, Beside = Beside };
        return _output is null ? result : result with { Charts = Draw(_output, compared, rows, sheet, source) };
    }

    private string[] Draw(
        RunFolder output, IReadOnlyList<ComparedModel> compared, IReadOnlyList<RestorationRow> rows, IReadOnlyList<PictureRow> sheet,
        MeasuredImages source)
    {
        string data = $"{source.Name}, {Display.Count(source.Count)} images";
        (string File, Chart Chart)[] charts =
        [
            ("psnr-by-steps.svg", Chart($"PSNR by solver steps, {data}", "PSNR (dB)", row => row.Psnr, DecibelSpan)),
            ("ssim-by-steps.svg", Chart($"SSIM by solver steps, {data}", "SSIM", row => row.Ssim, SimilaritySpan)),
        ];
        foreach ((string file, Chart chart) in charts)
        {
            chart.Save(output.At(file));
            ResultScreen.Row(_terminal, "chart", output.At(file));
        }

        RestorationPictures.Write(output.At(Sheet), sheet);
        ResultScreen.Row(_terminal, "picture", output.At(Sheet), $"from above: {string.Join(", ", sheet.Select(row => row.Name))}");
        return [.. charts.Select(chart => output.At(chart.File)), output.At(Sheet)];

        Chart Chart(string title, string measure, Func<RestorationRow, double?> quality, double span) => StepQualityChart.Create(
            title,
            measure,
            [
                .. compared.Select(model => new StepQualityCurve(
                    model.Name ?? RestorationComparison.OnlyOne,
                    [
                        .. rows.Where(row => row.Model == model.Folder)
                            .Select(row => (row.Steps!.Value, quality(row) ?? double.NaN)),
                    ],
                    model.TrainedSteps)),
            ],
            [.. rows.Where(row => row.Model is null).Select(row => (row.Name, quality(row) ?? double.NaN))],
            span);
    }

    private ComparedModel Compared(SavedModel model, ImplicitNetwork network)
    {
        string Name(SavedModel each) => Path.GetFileName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(each.Folder)));
        bool isAlone = _models.Count(other => Name(other) == Name(model)) == 1;
        return new ComparedModel(model.Folder, network)
        {
            Name = _models.Length == 1 ? null : isAlone ? Name(model) : model.Folder,
            TrainedSteps = TrainedSteps(model),
        };
    }

    /// <summary>
    /// The solver steps of a network that was trained by backpropagation through its last ones: those that were taken first, and those
    /// that the gradient goes through from there. Null of others, and where the folder does not tell.
    /// </summary>
    private static int? TrainedSteps(SavedModel model) =>
        File.Exists(RunSettingsFile.PathIn(model.Folder))
        && RunSettingsFile.Read(model.Folder) is { TrainSteps: { } first, RandomSteps: false } settings
        && settings.Gradient.Split(':') is ["unrolled", var unrolled]
            ? first + int.Parse(unrolled, CultureInfo.InvariantCulture)
            : null;
}
