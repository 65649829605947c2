using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows results: one line each, a name and what it came to.</summary>
internal static class ResultScreen
{
    private const int NameWidth = 18;

    public static void Row(Terminal terminal, string name, string value, string note = "") =>
        terminal.Say(
            $"  [grey]{Markup.Escape(name.PadRight(NameWidth - 1))} [/]"
            + $"[bold]{Markup.Escape(value)}[/]{(note.Length > 0 ? "   " + Markup.Escape(note) : "")}",
            NameWidth + 2);

    /// <summary>What a task measures beside accuracy and loss; shares all.</summary>
    public static void Scores(Terminal terminal, IReadOnlyDictionary<string, double> scores)
    {
        foreach ((string name, double value) in scores)
        {
            Row(terminal, name, Display.Percent(value), "right on average");
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

    /// <summary>How the solves of an evaluation ended, and the three contraction factors.</summary>
    public static void Solver(Terminal terminal, ClassifierResult result)
    {
        string statuses = string.Join(
            ", ", result.Statuses.Where(status => status.Value > 0).Select(status => $"{Display.Count(status.Value)} {status.Key}"));
        bool isUnsolved = result.Samples > 0 && result.Statuses.GetValueOrDefault(nameof(Solvers.SolveStatus.Converged)) == 0;
        Row(
            terminal, "solver", isUnsolved ? $"no sample converged: {statuses}" : statuses,
            $"{Display.Number(result.MeanSteps ?? double.NaN, "0.00")} steps on average"
                + $"{(result.MaxSteps is { } most ? $" of {Display.Count(most)} at most" : "")}, "
                + $"{Display.Count(result.Evaluations)} evaluations");
        Row(
            terminal,
            "contraction",
            $"{Display.Factor(result.GammaCertified)} certified",
            $"{Display.Factor(result.GammaDeclared)} declared, {Display.Factor(result.GammaMeasured)} measured");
        Row(terminal, "memory", Display.Mebibytes(result.PeakMemoryBytes), "at peak");
    }
}
