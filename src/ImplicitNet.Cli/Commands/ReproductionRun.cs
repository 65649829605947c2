using System.Diagnostics;
using System.Text.Json;
using ImplicitNet.Cli.Reproduction;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Reports.Comparisons;
using ImplicitNet.Training.Data;
using Spectre.Console;

namespace ImplicitNet.Cli.Commands;

/// <summary>A reproduction in one folder: calibration, plan, runs, and the report.</summary>
internal sealed class ReproductionRun(Terminal terminal, string output, ReproductionAim aim, CancellationToken cancellation)
{
    private const string Applications = "1,2,3,5,10";
    private const double SecondsPerHour = 3600;

    private readonly RunSeries _series = new(terminal, cancellation);

    /// <summary>Goes on where the folder stands, to the report.</summary>
    /// <returns>The exit code.</returns>
    public int Execute(bool isJson)
    {
        long begin = Stopwatch.GetTimestamp();
        string name = aim.Clean.Data;

        terminal.Tell($"[bold]Reproducing[/] the JFB paper on {name}, {Display.Hours(aim.Hours)}, "
            + $"{Display.Counted(aim.Clean.Threads, "thread")}");

        // Before anything else: a missing file is told, or downloaded, once, and the sizes decide the plan.
        LoadedData data = RunData.Load(aim.Clean, terminal, cancellation);
        DataSplits splits = data.Splits;
        terminal.Tell($"  {Display.Count(splits.Train.Count)} training, "
            + $"{Display.Count(splits.Validation.Count)} validation and {Display.Count(splits.Test.Count)} test images");
        terminal.Tell($"  in {Markup.Escape(output)}");
        ReproductionPlan plan = Plan(data, begin);
        Tell(plan);
        RunSettings clean = aim.Clean with { Epochs = plan.Epochs };
        NamedRun[] runs = [.. plan.Seeds.SelectMany(seed => plan.Trainings.Select(training => NamedRun.In(
            Path.Combine(output, "runs"), training, ReproductionSettings.Of(clean with { Seed = seed }, training))))];
        RunSeries.Prepare(runs);
        ComparedRun[] compared = _series.Execute(runs);
        ApplicationResult[] studies = [.. compared.Where(run => run.Gradient == ReproducedTraining.JacobianFree).Select(done =>
            Study(Array.Find(runs, run => run.Name == done.Gradient && run.Settings.Seed == done.Seed)!))];
        if (compared.Length > 0)
        {
            Report(plan, data, clean, compared, studies);
        }

        if (isJson)
        {
            terminal.Raw(JsonSerializer.Serialize(Result(plan, compared, studies), ResultJson.Default.ReproductionResult));
        }

        return _series.Failure() is { } failure ? throw failure : ExitCodes.Success;
    }

    private ReproductionPlan Plan(LoadedData data, long begin)
    {
        ReproductionPlanFile asked =
            new() { Data = aim.Clean.Data, Hours = aim.Hours, Seeds = aim.Seeds, MostEpochs = aim.MostEpochs, Plan = null! };
        if (ReproductionPlanFile.Read(output, asked) is { } stored)
        {
            terminal.Tell("Going on with the plan of the folder.");
            return stored.Plan;
        }

        double available = (SecondsPerHour * aim.Hours) - Stopwatch.GetElapsedTime(begin).TotalSeconds;
        double least = LeastCost.SecondsPerEpoch(aim.Clean, data);
        if (least > available)
        {
            throw new CommandException($"--hours {Display.Number(aim.Hours, "0.######")}: one epoch of the clean form by JFB, "
                + $"with its test, takes more than {Display.Seconds(least)} here, and {Display.Seconds(Math.Max(0, available))} are left. "
                + "Nothing was calibrated.");
        }

        // Looked at after each: what no time is left for now none will be left for later.
        IReadOnlyList<TrainingCost> costs =
            new Calibration(terminal, Path.Combine(output, "calibration"), aim, data, cancellation)
                .Run(ReproductionSettings.Trainings(aim.Clean.Data), known => _ = Planned(known));
        ReproductionPlan plan = Planned(costs);
        (asked with { Plan = plan }).Write(output);
        return plan;

        ReproductionPlan Planned(IReadOnlyList<TrainingCost> costs)
        {
            double left = (SecondsPerHour * aim.Hours) - Stopwatch.GetElapsedTime(begin).TotalSeconds;
            return ReproductionPlan.For(left, costs, aim.Seeds, aim.MostEpochs)
                ?? throw new CommandException($"--hours {Display.Number(aim.Hours, "0.######")}: one epoch of the clean form by JFB, "
                    + $"with its test, is expected to take {Display.Seconds(ReproductionPlan.LeastSeconds(costs))} here, "
                    + $"and after the calibration {Display.Seconds(Math.Max(0, left))} are left.");
        }
    }

    private void Tell(ReproductionPlan plan)
    {
        terminal.Tell($"[bold]Plan[/] {string.Join(", ", plan.Trainings)}; {Display.Counted(plan.Epochs, "epoch")}; "
            + $"{Display.Seeds(plan.Seeds)}; about {Display.Seconds(plan.ExpectedSeconds)}");
        foreach (string leftOut in plan.LeftOut)
        {
            terminal.Tell($"  [yellow]left out for want of time:[/] {Markup.Escape(leftOut)}");
        }
    }

    /// <summary>The clean network after numbers of applications of R; kept in its folder.</summary>
    private ApplicationResult Study(NamedRun run)
    {
        string path = Path.Combine(run.Folder, "applications.json");
        if (!File.Exists(path))
        {
            string[] arguments =
            [
                "evaluate", "--model", run.Folder, "--applications", Applications, "--threads", FormattableString.Invariant(
                    $"{aim.Clean.Threads}"),
                "--device", aim.Clean.Device, "--quiet", "--json",
            ];
            (int code, string line, string error) =
                OwnProcess.Run(arguments, static () => { }, new Dictionary<string, string>(), cancellation);
            if (code != ExitCodes.Success)
            {
                throw new CommandException(
                    $"{run.Folder}: {(error.Length > 0 ? error.Replace("error: ", "", StringComparison.Ordinal) : $"exit code {code}")}");
            }

            AtomicFile.WriteText(path, line + "\n");
        }

        try
        {
            return JsonShape.Read(File.ReadAllText(path), ResultJson.Default.ApplicationResult) is { Rows.Count: > 1 } result
                ? result
                : throw new CommandException($"{path}: this is no result of evaluate --applications. Delete it to evaluate again.");
        }
        catch (JsonException exception)
        {
            throw new CommandException(
                $"{path}: {JsonShape.Line(exception)} Delete the file to evaluate again.", innerException: exception);
        }
    }

    private void Report(ReproductionPlan plan, LoadedData data, RunSettings clean, ComparedRun[] compared, ApplicationResult[] studies)
    {
        IReadOnlyList<string> paths = new ReproductionReport
        {
            Paper = ReproductionSettings.Paper(clean.Data),
            Plan = plan,
            Runs = compared,
            Studies = [.. studies.Select(study => study.ToStudy())],
            TrainImages = data.Splits.Train.Count,
            ValidationImages = data.Splits.Validation.Count,
            TestImages = data.Splits.Test.Count,
            Differences = ReproductionSettings.Differences(clean, data, plan.Trainings),
            Remarks = data.Remarks,
        }.Write(output);
        terminal.Say();
        foreach (string path in paths)
        {
            ResultScreen.Row(terminal, Path.GetFileName(path), path);
        }
    }

    private ReproductionResult Result(ReproductionPlan plan, ComparedRun[] compared, ApplicationResult[] studies) => new()
    {
        Data = aim.Clean.Data,
        Hours = aim.Hours,
        Epochs = plan.Epochs,
        Seeds = plan.Seeds,
        LeftOut = plan.LeftOut,
        Threads = aim.Clean.Threads,
        Output = output,
        Trainings = compared.Length > 0 ? new GradientComparison(compared).Summaries : [],
        OwnNetworks =
        [
            .. from training in ReproducedTraining.All
               where training.OtherMethod is not null && plan.Trainings.Contains(training.Name)
               select training.Name,
        ],
        Applications = studies,
        Failures = _series.Failures,
    };
}
