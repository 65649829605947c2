using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Models.Problems;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>solve: several solvers on one problem, or on the operator of a trained model.</summary>
internal sealed class SolveCommand(Terminal terminal, CancellationToken cancellation)
{
    private const string ListName = "list";
    private const int DefaultCount = 256;

    private static readonly string[] Problems = [ListName, AllProblems.Name, .. FixedPointProblems.All.Select(problem => problem.Name)];

    private readonly Option<string?> _problem =
        new("--problem", "-p") { Description = "A named test problem; 'list' shows them, 'all' solves each.", HelpName = "name" };
    private readonly Option<string> _model = ModelOption.Create(isRequired: false);
    private readonly Option<string?> _data =
        RunSetting.Option<string?>(nameof(RunSettings.Data), "Data set for a model (default: the one it was trained on).");
    private readonly Option<string?> _dataDirectory =
        RunSetting.Option<string?>(nameof(RunSettings.DataDir), "Folder that holds the data set's files (default: as in training).");
    private readonly Option<int?> _count = NumberOption.Whole("--count", $"Test images for a model (default: {DefaultCount}).");
    private readonly Option<int?> _batch =
        RunSetting.Option<int?>(nameof(RunSettings.Batch), "Test images solved at a time (default: all of them).");
    private readonly Option<string?> _solvers = SolverListOption.Create();
    private readonly Option<double?> _tolerance =
        RunSetting.Option<double?>(nameof(RunSettings.Tolerance), "Relative tolerance (default: 1e-8, or the model's).");
    private readonly Option<double?> _absoluteTolerance = RunSetting.Option<double?>(
        nameof(RunSettings.AbsoluteTolerance),
        "Absolute tolerance that is added to it (default: a thousandth of the relative one, or the model's).");
    private readonly Option<int?> _maxSteps =
        RunSetting.Option<int?>(nameof(RunSettings.MaxSteps), "Step limit (default: 500, or the model's).");
    private readonly Option<double?> _damping =
        RunSetting.Option<double?>(nameof(RunSettings.Damping), "Share of the full step that is taken (default: 1).");
    private readonly Option<int?> _memory = RunSetting.Option<int?>(nameof(RunSettings.Memory));
    private readonly Option<string?> _output =
        new("--output", "-o") { Description = "Folder of page and charts (default: runs/solve-NAME-DATE-TIME).", HelpName = "folder" };
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        Command command = new(
            "solve", "Compare solvers on a problem or a model: a table, and charts of the residual over steps and over time.")
        {
            _problem, _model, _data, _dataDirectory, _count, _batch, _solvers, _tolerance, _absoluteTolerance, _maxSteps, _damping, _memory,
            _output,
        };
        _common.AddTo(command);
        Option[] ofModels = [_data, _dataDirectory, _count, _batch];
        command.Validators.Add(result =>
        {
            // What has no value, or two, is refused as such, and cannot be asked for its value.
            if (((Option[])[_problem, _model]).Any(option => result.GetResult(option) is { Tokens.Count: not 1 }))
            {
                return;
            }

            if ((result.GetValue(_problem) is null) == (result.GetValue(_model) is null))
            {
                result.AddError("give either --problem NAME or --model FOLDER");
            }
            else if (result.GetValue(_problem) is { } given && !Problems.Contains(given))
            {
                result.AddError(Misspelling.OfValue(_problem.Name, given, Problems));
            }
            else if (result.GetValue(_problem) is not null
                && Array.Find(ofModels, option => result.GetResult(option) is not null) is { } option)
            {
                result.AddError($"{option.Name} goes with --model, not with --problem");
            }
            else if (result.GetValue(_problem) == AllProblems.Name && result.GetResult(_output) is not null)
            {
                result.AddError($"{_output.Name} is the folder of the charts; --problem {AllProblems.Name} prints a table and draws none");
            }
        });
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet solve --problem list",
            "implicitnet solve --problem all",
            "implicitnet solve --problem kepler",
            "implicitnet solve --problem broyden-banded --solvers picard,anderson,chain --memory 15",
            "implicitnet solve --model runs/first --count 1000 --tolerance 1e-5 --output runs/first");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        string? problem = parsed.GetValue(_problem);
        if (problem == ListName)
        {
            ComparisonScreen.Problems(terminal);
            return ExitCodes.Success;
        }

        SavedModel? model = parsed.GetValue(_model) is { } folder ? SavedModel.In(folder) : null;
        bool isMonotone = model is not null && RunKinds.Of(model.Config.Options).IsMonotone;
        IReadOnlyList<string> names = SolverListOption.Names(parsed.GetValue(_solvers), isMonotone);
        IReadOnlyList<FixedPointSolver> solvers =
            Chosen.Of(() => SolverChoice.CreateAll(names, parsed.GetValue(_damping) ?? 1, parsed.GetValue(_memory)));
        Device device = DeviceChoice.Open(parsed.GetValue(_common.Device) ?? DeviceChoice.Processor);
        int threads = DeviceChoice.SetThreads(parsed.GetValue(_common.Threads), terminal);
        return problem == AllProblems.Name
            ? RunAll(parsed, names, solvers, device, threads)
            : RunOne(parsed, model, names, solvers, device, threads);
    }

    private int RunOne(
        ParseResult parsed,
        SavedModel? model,
        IReadOnlyList<string> names,
        IReadOnlyList<FixedPointSolver> solvers,
        Device device,
        int threads)
    {
        string? problem = parsed.GetValue(_problem);
        using SolveInput input = model is not null
            ? OfModel(parsed, model, device)
            : SolveInput.OfProblem(FixedPointProblems.Named(problem!), Asked(parsed), device);
        RunFolder folder = new(parsed.GetValue(_output) ?? DefaultFolder(problem ?? FolderName(parsed.GetValue(_model)!)));

        terminal.Tell($"[bold]{Markup.Escape(input.Title)}[/]");
        List<SolverMeasurement> measured = terminal.WithBar(bar => Measure(input, names, solvers, bar));
        string[] charts = [folder.At("solve.png"), folder.At("solve.svg")];
        Chart chart = SolverComparisonChart.Create($"{input.Title}, {Display.Counted(input.Samples, "sample")}", measured);
        Array.ForEach(charts, path => chart.Save(path));
        SolveResult result = new()
        {
            Problem = problem,
            Model = parsed.GetValue(_model),
            Title = input.Title,
            Samples = input.Samples,
            Tolerance = measured[0].Tolerance,
            AbsoluteTolerance = input.Stopping.AbsoluteTolerance ?? 0,
            MaxSteps = input.Stopping.MaxSteps,
            Threads = threads,
            Device = device.type.ToString().ToLowerInvariant(),
            Solvers = [.. measured.Select(SolveResult.SolverResult.Of)],
            ErrorNorm = measured[0].ErrorNorm?.ToString(),
            Charts = charts,
            Page = folder.At("solve.html"),
        };
        HtmlReport.Write(result.Page, SolvePage.Of(result, input, chart));
        Show(result, input);
        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.SolveResult));
        }

        return ExitCodes.Success;
    }

    private int RunAll(
        ParseResult parsed, IReadOnlyList<string> names, IReadOnlyList<FixedPointSolver> solvers, Device device, int threads)
    {
        Func<StoppingRule, StoppingRule> asked = Asked(parsed);
        StoppingRule stopping = SolveInput.StoppingOfProblems(asked);
        List<ProblemTableResult.ProblemRow> rows =
            terminal.WithBar(bar => AllProblems.Solve(names, solvers, asked, device, bar, cancellation));
        ProblemTableResult result = new()
        {
            Tolerance = stopping.RelativeTolerance ?? 0,
            AbsoluteTolerance = stopping.AbsoluteTolerance ?? 0,
            MaxSteps = stopping.MaxSteps,
            Threads = threads,
            Device = device.type.ToString().ToLowerInvariant(),
            Solvers =
            [
                .. names.Select((name, column) =>
                    ProblemTableResult.SolverTotal.Of(name, [.. rows.Select(row => row.Solvers[column])])),
            ],
            Problems = rows,
        };
        string tolerance = result.Tolerance.ToString("0.##e-0", CultureInfo.InvariantCulture);
        terminal.Tell($"[grey]Evaluations where every sample converged, else how many did; tolerance {tolerance},[/]");
        terminal.Tell($"[grey]at most {Display.Counted(result.MaxSteps, "step")} of each solver.[/]");
        terminal.Tell();
        ProblemTableScreen.Show(terminal, result);
        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.ProblemTableResult));
        }

        return ExitCodes.Success;
    }

    private Func<StoppingRule, StoppingRule> Asked(ParseResult parsed) => own => own with
    {
        RelativeTolerance = parsed.GetValue(_tolerance) ?? own.RelativeTolerance,
        AbsoluteTolerance = parsed.GetValue(_absoluteTolerance) ?? own.AbsoluteTolerance,
        MaxSteps = parsed.GetValue(_maxSteps) ?? own.MaxSteps,
    };

    private SolveInput OfModel(ParseResult parsed, SavedModel model, Device device)
    {
        ImplicitNetwork network = model.LoadImplicit();
        try
        {
            RunKind kind = RunKinds.Of(model.Config.Options);
            RunSettings settings = ModelSettings.Of(model, parsed.GetValue(_data), parsed.GetValue(_dataDirectory));
            int? asked = parsed.GetValue(_count);
            IndexedBatches source = kind.Source(
                model, settings, SplitChoice.Test, asked, parsed.GetValue(_batch) ?? asked ?? DefaultCount, device, terminal, cancellation);
            ModelSettings.EnsureCount(asked, source, kind.Samples(settings.Data), ExitCodes.Failure);
            int count = asked ?? Math.Min(DefaultCount, source.Count);
            network.to(device);
            string title = $"{FolderName(model.Folder)}: the operator of a trained model";
            string what = $"test {kind.Samples(settings.Data)} of {settings.Data}";
            return SolveInput.OfModel(title, what, network, source, count, Asked(parsed));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private List<SolverMeasurement> Measure(SolveInput input, IReadOnlyList<string> names, IReadOnlyList<FixedPointSolver> solvers, Bar bar)
    {
        List<SolverMeasurement> measured = [];
        foreach ((int index, string name) in names.Index())
        {
            bar.Show((double)index / names.Count, () => $"measuring {name}");
            measured.Add(SolverComparison.Measure(name, solvers[index], input.Batches, input.Stopping, cancellation));
        }

        return measured;
    }

    private void Show(SolveResult result, SolveInput input)
    {
        string tolerance = result.Tolerance.ToString("0.##e-0", CultureInfo.InvariantCulture);
        string samples = Display.Counted(result.Samples, "sample");
        terminal.Tell($"[grey]{Markup.Escape(input.Source)}; {samples}, tolerance {tolerance}[/]");
        terminal.Tell();
        ComparisonScreen.Show(terminal, result);
        terminal.Tell();
        (int least, int most) = (result.Solvers.Min(solver => solver.Runs), result.Solvers.Max(solver => solver.Runs));
        string runs = least == most ? Display.Counted(least, "run") : $"{least} to {most} runs";
        terminal.Tell($"  [grey]time      the median of {runs} after a warm-up, {Display.Counted(result.Threads, "thread")}[/]");
        terminal.Tell($"  [grey]residual  {input.Residual}, that of the median sample[/]");
        if (result.Solvers.Where(solver => solver.ErrorBound is not null).ToArray() is { Length: > 0 } bounded)
        {
            string worst = Display.Residual(bounded.Max(solver => solver.ErrorBound)!.Value);
            string of = bounded.Length == result.Solvers.Count ? "" : $" ({bounded.Length} of {result.Solvers.Count} solvers)";
            string distance = $"to the fixed point at most {worst}, {result.ErrorNorm} norm, by the residuals{of}";
            terminal.Say($"  [grey]distance  {distance}[/]", hanging: 12);
        }

        terminal.Say($"  [grey]page      {Markup.Escape(result.Page)}[/]");
        terminal.Say($"  [grey]charts    {Markup.Escape(result.Charts[0])} and .svg[/]");
    }

    private static string FolderName(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    private static string DefaultFolder(string name) =>
        Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"solve-{name}-{DateTime.Now:yyyyMMdd-HHmmss}"));
}
