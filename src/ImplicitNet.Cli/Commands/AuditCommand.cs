using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ImplicitNet.Certification;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Gradients;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>audit: how good the gradients of a trained model are.</summary>
internal sealed class AuditCommand(Terminal terminal, CancellationToken cancellation)
{
    private const int DefaultCount = 32;
    private const int DefaultConditions = 2;

    private static readonly FixedPointGradient[] Others =
    [
        new NeumannGradient { Terms = 1 },
        new NeumannGradient { Terms = 3 },
        new NeumannGradient { Terms = 5 },
        new RefinedGradient { Products = 5 },
    ];

    private readonly Option<string> _model = ModelOption.Create();
    private readonly Option<string?> _data =
        RunSetting.Option<string?>(nameof(RunSettings.Data), "Data (default: those the model was trained on; any other size of a task).");
    private readonly Option<string?> _dataDirectory =
        RunSetting.Option<string?>(nameof(RunSettings.DataDir), "Folder that holds the data set's files (default: as in training).");
    private readonly Option<string?> _split = ChoiceOption.Create("--split", "Part of the data set (default: test).", SplitChoice.Names);
    private readonly Option<int?> _count = NumberOption.Whole("--count", $"Samples, from the first (default: {DefaultCount}).");
    private readonly Option<int?> _conditions = NumberOption.Whole(
        "--conditions",
        $"Samples for which the descent condition of JFB is looked at, some seconds each (default: {DefaultConditions}).",
        least: 0);
    private readonly Option<string?> _output =
        new("--output", "-o") { Description = "Folder of page and charts (default: audit in the model's folder).", HelpName = "folder" };
    private readonly SolveOptions _solve = new();
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        Command command = new("audit", "Tell how good the gradients of a model are: JFB and others against the exact one.")
        {
            _model, _data, _dataDirectory, _split, _count, _conditions, _output,
        };
        _solve.AddTo(command);
        _common.AddTo(command);
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet audit --model runs/digits-20260131-180000",
            "implicitnet audit --model runs/first --count 100 --tolerance 1e-5",
            "implicitnet audit --model runs/first --conditions 0 --quiet --json");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        long begin = Stopwatch.GetTimestamp();
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        string folder = parsed.GetRequiredValue(_model);
        string split = parsed.GetValue(_split) ?? SplitChoice.Test;
        SavedModel model = SavedModel.In(folder);
        RunKind kind = RunKinds.Of(model.Config.Options);
        if (kind.IsOfFlows)
        {
            FlowOptions.RefuseOthers(
                parsed, folder, _model, _data, _dataDirectory, _split, _count, _output, _solve.Tolerance, _solve.AbsoluteTolerance,
                _solve.MaxSteps, _common.Threads, _common.Device, _common.Quiet, _common.Json);
        }

        RunSettings settings = ModelSettings.Of(model, parsed.GetValue(_data), parsed.GetValue(_dataDirectory));

        // Before torch is loaded and the data are, and before minutes of certificates.
        terminal.Tell($"[bold]{Markup.Escape(folder)}[/] on {Markup.Escape(kind.Short(settings.Data))}, {split}");
        Device device = DeviceChoice.Open(parsed.GetValue(_common.Device) ?? DeviceChoice.Processor);
        int threads = DeviceChoice.SetThreads(parsed.GetValue(_common.Threads), terminal);
        model = model with
        {
            Config = model.Config is FlowModelConfig flow
                ? FlowOptions.Over(parsed, _solve, flow)
                : model.Config with { MaxSteps = kind.StepLimit(model.Config, settings.Data) },
        };
        using nn.Module<Tensor, Tensor> network = model.LoadNetwork();
        network.to(device);
        network.eval();
        if (network is ImplicitNetwork solved)
        {
            _solve.Apply(parsed, model.FixedPoints, solved, withGradient: true);
        }

        int count = parsed.GetValue(_count) ?? DefaultCount;
        IndexedBatches source = kind.Source(model, settings, split, count, null, device, terminal, cancellation);
        ModelSettings.EnsureCount(parsed.GetValue(_count), source, kind.Samples(settings.Data), ExitCodes.Usage);
        count = Math.Min(count, source.Count);
        (AuditResult result, IReadOnlyList<(string Name, Chart Chart)> charts) = terminal.WithBar(bar =>
        {
            bar.Show(0, () => $"comparing gradients on {Display.Counted(count, "sample")}");
            return Certify(
                network, kind.Task(settings), source, count, parsed.GetValue(_conditions) ?? DefaultConditions);
        });
        cancellation.ThrowIfCancellationRequested();
        Monotonicity monotone = Monotonicity.Of(network);
        result = result with
        {
            MonotonicityDeclared = monotone.Declared,
            MonotonicityCertified = monotone.Certified,
            LipschitzBound = monotone.LipschitzBound,
            Model = folder,
            Data = settings.Data,
            Split = split,
            Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds,
            Threads = threads,
            Device = device.type.ToString().ToLowerInvariant(),
        };
        result = result with { Files = Draw(charts, result, parsed.GetValue(_output) ?? Path.Combine(folder, "audit")) };
        AuditScreen.Show(terminal, result);
        if (parsed.GetValue(_common.Json))
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.AuditResult));
        }

        return ExitCodes.Success;
    }

    private static (AuditResult Result, IReadOnlyList<(string Name, Chart Chart)> Charts) Certify(
        nn.Module<Tensor, Tensor> network, TrainingTask task, IndexedBatches source, int count, int conditions)
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = FinalTest.First(source, count, network);
        if (network is FlowModel flow)
        {
            return (AuditResult.Of(FlowAudit.Certify(flow, task, batch), count), []);
        }

        ImplicitNetwork solved = (ImplicitNetwork)network;
        GradientCertifier certifier = new() { ConditionSamples = conditions };
        IReadOnlyList<GradientCertificate> certificates = certifier.Compare(
            solved,
            batch.Inputs,
            outputs => task.Losses(outputs, batch),
            [.. Others.Prepend(solved.Settings.Gradient).Distinct()]);
        return (AuditResult.Of(certificates), certificates[0].Counted.Any()
            ? [
                ("contraction-factors", AuditCharts.Factors(certificates[0])),
                ("cosine-by-sample", AuditCharts.Cosines(certificates)),
                ("error-by-gradient", AuditCharts.Errors(certificates)),
            ]
            : []);
    }

    /// <summary>
    /// Writes the charts, each as PNG and SVG, and the page, which is the last; nothing where no solve converged or no flow came to its
    /// end.
    /// </summary>
    private static string[] Draw(IReadOnlyList<(string Name, Chart Chart)> charts, AuditResult result, string folder)
    {
        if (charts.Count == 0 && !(result.IsOfFlows() && result.Converged > 0))
        {
            return [];
        }

        Directory.CreateDirectory(folder);
        string[] files =
            [.. charts.SelectMany(chart => new[] { Path.Combine(folder, chart.Name + ".png"), Path.Combine(folder, chart.Name + ".svg") })];
        for (int i = 0; i < files.Length; i++)
        {
            charts[i / 2].Chart.Save(files[i]);
        }

        string page = Path.Combine(folder, "audit.html");
        HtmlReport.Write(page, AuditPage.Of(result, [.. charts.Select(chart => chart.Chart)]));
        return [.. files, page];
    }
}
