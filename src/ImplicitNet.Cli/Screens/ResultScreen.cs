using ImplicitNet.Flows;
using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows results: one line each, a name and what it came to.</summary>
internal static class ResultScreen
{
    private const int NameWidth = 18;

    public static void Row(Terminal terminal, string name, string value, string note = "", int width = NameWidth) =>
        terminal.Say(
            $"  [grey]{Markup.Escape(name.PadRight(width - 1))} [/]"
            + $"[bold]{Markup.Escape(value)}[/]{(note.Length > 0 ? "   " + Markup.Escape(note) : "")}",
            width + 2);

    /// <summary>What it answered right, and its loss, on one part of the data.</summary>
    public static void Answers(Terminal terminal, RunResult result, string samples)
    {
        string over = result.Counted is { } counted && counted < result.Samples
            ? $"{Display.Count(counted)} of {Display.Count(result.Samples)} {samples}; the flows of the others failed"
            : $"{Display.Count(result.Samples)} {samples}";
        if (result.Accuracy is null && (result.IsOfFlows() || result.IsOfRestorations() || result.IsOfTexts()))
        {
            Row(terminal, $"{result.Split} loss", Display.Loss(result.Loss), result.IsOfTexts() ? $"nats a character, {over}" : over);
            return;
        }

        string accuracy = Display.Percent(result.Accuracy ?? double.NaN);
        Row(terminal, $"{result.Split} accuracy", accuracy, $"{over}, loss {Display.Loss(result.Loss)}");
    }

    /// <summary>What a task measures beside accuracy and loss.</summary>
    /// <param name="terminal">Where it is shown.</param>
    /// <param name="scores">By name.</param>
    /// <param name="show">A score's value in words, and what it is.</param>
    public static void Scores(
        Terminal terminal, IReadOnlyDictionary<string, double> scores, Func<string, double, (string Value, string Note)> show)
    {
        foreach ((string name, double value) in scores)
        {
            (string text, string note) = show(name, value);
            Row(terminal, name, text, note);
        }
    }

    /// <summary>A row for each of further data.</summary>
    public static void Tests(Terminal terminal, IReadOnlyList<TestResult> tests, string samples)
    {
        foreach (TestResult test in tests)
        {
            long converged = test.Statuses.GetValueOrDefault(nameof(Solvers.SolveStatus.Converged));
            Row(
                terminal,
                test.Data,
                Display.Percent(test.Accuracy ?? double.NaN),
                $"{Display.Count(test.Samples)} {samples}, {Display.Count(converged)} converged, "
                    + $"{Display.Number(test.MeanSteps ?? double.NaN, "0.0")} of {Display.Count(test.MaxSteps)} steps");
        }
    }

    /// <summary>How near restored images are to what they were, a row for each method.</summary>
    public static void Restorations(Terminal terminal, IReadOnlyList<RestorationRow> rows)
    {
        int width = rows.Select(row => row.Name.Length + 1).Append(NameWidth).Max();
        foreach (RestorationRow row in rows)
        {
            string ssim = $"ssim {Display.Number(row.Ssim ?? double.NaN)}";
            Row(
                terminal, row.Name, $"{Display.Number(row.Psnr ?? double.NaN, "0.00")} dB",
                row.Note.Length > 0 ? $"{ssim}, {row.Note}" : ssim, width);
        }
    }

    /// <summary>How far several starts agree.</summary>
    public static void Starts(Terminal terminal, StartsResult agreement)
    {
        int compared = agreement.Samples.Count(sample => sample.SameAnswer is not null);
        Row(
            terminal,
            "starts",
            $"{Display.Count(agreement.SameAnswers)} of {Display.Count(compared)} answers the same",
            $"from {agreement.Starts} {(agreement.Turned ? "turned " : "")}starts");
        string converged = $"{Display.Count(agreement.ConvergedFromAll)} converged from all {agreement.Starts}";
        if (agreement.Turned)
        {
            Row(terminal, "", converged);
            return;
        }

        Row(terminal, "", $"{Display.Residual(agreement.Distance ?? double.NaN)} apart at most", converged);
    }

    /// <summary>How the solves or flows of an evaluation ended, and the three contraction factors.</summary>
    public static void Solver(Terminal terminal, RunResult result)
    {
        if (result.IsOfFlows())
        {
            string failed = string.Join(", ", result.Statuses
                .Where(status => status.Value > 0 && status.Key is not (nameof(FlowStatus.Completed) or nameof(FlowStatus.EventReached)))
                .Select(status => $"{Display.Count(status.Value)} {status.Key}"));
            Row(
                terminal, "flow", $"{Display.Number(result.MeanEvaluations ?? double.NaN, "0.0")} evaluations a sample",
                failed.Length == 0 ? "all came to their end" : failed);
            Row(terminal, "memory", Display.Mebibytes(result.PeakMemoryBytes), "at peak");
            return;
        }

        string statuses = string.Join(
            ", ", result.Statuses.Where(status => status.Value > 0).Select(status => $"{Display.Count(status.Value)} {status.Key}"));
        bool isUnsolved = result.Samples > 0 && result.Statuses.GetValueOrDefault(nameof(Solvers.SolveStatus.Converged)) == 0;
        Row(
            terminal, "solver", isUnsolved ? $"no sample converged: {statuses}" : statuses,
            $"{Display.Number(result.MeanSteps ?? double.NaN, "0.00")} steps on average"
                + $"{(result.MaxSteps is { } most ? $" of {Display.Count(most)} at most" : "")}, "
                + $"{Display.Count(result.Evaluations)} evaluations");
        string others = $"{Display.Factor(result.GammaDeclared)} declared, {Display.Factor(result.GammaMeasured)} measured";
        Contraction(terminal, result.GammaCertified, others, result.GammaNorm);
        Monotone(terminal, new(result.MonotonicityDeclared, result.MonotonicityCertified, result.LipschitzBound));
        ErrorBound(terminal, result.ErrorBound, result.ErrorNorm);
        Row(terminal, "memory", Display.Mebibytes(result.PeakMemoryBytes), "at peak");
    }

    /// <summary>The certified factor, and the others; the norm only where it is not L2.</summary>
    public static void Contraction(Terminal terminal, double? certified, string others, string? norm)
    {
        Row(terminal, "contraction", $"{Display.Factor(certified)} certified", others);
        if (norm is not (null or "L2"))
        {
            Row(terminal, "", $"in the {norm} norm");
        }
    }

    /// <summary>m and L of a monotone operator; nothing of any other.</summary>
    public static void Monotone(Terminal terminal, Monotonicity monotone)
    {
        if (monotone.Declared is { } declared)
        {
            Row(
                terminal, "monotonicity", $"{Display.Factor(monotone.Certified)} certified",
                $"{Display.Factor(declared)} declared; norm of I - W at most {Display.Factor(monotone.LipschitzBound)}");
        }
    }

    /// <summary>How far latents are from their fixed points at most; nothing where that is not known.</summary>
    public static void ErrorBound(Terminal terminal, double? bound, string? norm)
    {
        if (bound is { } distance)
        {
            Row(terminal, "distance", $"{Display.Residual(distance)} at most", $"to the fixed point, {norm} norm");
        }
    }
}
