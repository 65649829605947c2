using System.Globalization;
using ImplicitNet.Models.Problems;
using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows how solvers compare: a row each, and below it the statuses of samples that did not converge; within 80 columns.</summary>
internal static class ComparisonScreen
{
    private const int NameWidth = 13;

    public static void Show(Terminal terminal, SolveResult result)
    {
        string samples = Display.Count(result.Samples);
        int width = Math.Max($"{samples}/{samples}".Length, "converged".Length);
        string[] titles =
        [
            "converged".PadLeft(width), $"{"steps",6}", $"{"max",5}", "evaluations", $"{"time",8}", "residual", $"{"worst",8}",
        ];
        List<string[]> lines = [[$"  [grey]{"solver",-NameWidth}[/]", .. titles.Select(title => $"[grey] {title}[/]")]];
        foreach (SolveResult.SolverResult solver in result.Solvers)
        {
            int converged = solver.Statuses["Converged"];
            string colour = converged == result.Samples ? "green" : "yellow";
            string share = $"{Display.Count(converged)}/{samples}".PadLeft(width);
            lines.Add(
            [
                $"  [bold]{solver.Name,-NameWidth}[/]",
                $" [{colour}]{share}[/]",
                string.Create(CultureInfo.InvariantCulture, $" {solver.MeanSteps,6:0.0}"),
                $" {solver.MaxSteps,5}",
                string.Create(CultureInfo.InvariantCulture, $" {solver.Evaluations,11:N0}"),
                $" {Display.Measured(solver.Seconds),8}",
                $" {Residual(solver.MedianResidual),8}",
                $" {Residual(solver.WorstResidual),8}",
            ]);
            string failed = string.Join(
                ", ",
                solver.Statuses.Where(status => status.Key != "Converged" && status.Value > 0).Select(
                    status => $"{Display.Count(status.Value)} {status.Key}"));
            if (failed.Length > 0)
            {
                lines.Add([$"  {"",-NameWidth} [yellow]{failed}[/]"]);
            }
        }

        ScreenTable.Show(terminal, lines);
    }

    /// <summary>The named problems.</summary>
    public static void Problems(Terminal terminal)
    {
        int nameWidth = FixedPointProblems.All.Max(problem => problem.Name.Length);
        terminal.Say($"  [grey]{"problem".PadRight(nameWidth)}  size     the map; size is samples x numbers[/]");
        foreach (FixedPointProblem problem in FixedPointProblems.All)
        {
            string size = $"{problem.Parameters.Count,2} x {problem.Start.Count}";
            terminal.Say($"  [bold]{problem.Name.PadRight(nameWidth)}[/]  {size,-7}  {Markup.Escape(problem.Title)}", nameWidth + 4);
        }
    }

    private static string Residual(double? value) => Display.Residual(value ?? double.NaN);
}
