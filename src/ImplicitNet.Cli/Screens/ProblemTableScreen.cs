using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>
/// Shows problems by solvers: where every sample converged the evaluations, else how many did; below that the totals. Within 80 columns
/// with the solvers there are.
/// </summary>
internal static class ProblemTableScreen
{
    private const int LeastWidth = 9;

    public static void Show(Terminal terminal, ProblemTableResult result)
    {
        int nameWidth = result.Problems.Max(problem => problem.Name.Length);
        int[] widths = [.. result.Solvers.Select(solver => Math.Max(LeastWidth, solver.Name.Length))];
        terminal.Say($"  [grey]{Line("problem", result.Solvers.Select(solver => solver.Name))}[/]");
        foreach (ProblemTableResult.ProblemRow row in result.Problems)
        {
            IEnumerable<string> cells = row.Solvers.Select((cell, column) => cell.Solved
                ? Display.Count(cell.Evaluations).PadLeft(widths[column])
                : $"[yellow]{$"{cell.Statuses["Converged"]} of {row.Samples}".PadLeft(widths[column])}[/]");
            terminal.Say($"  {Markup.Escape(row.Name.PadRight(nameWidth))} {string.Join(' ', cells)}");
        }

        terminal.Say();
        int samples = result.Problems.Sum(problem => problem.Samples);
        string solved = Line($"solved of {result.Problems.Count}", result.Solvers.Select(solver => Display.Count(solver.Solved)));
        terminal.Say($"  [bold]{solved}[/]");
        terminal.Say($"  {Line($"samples of {samples}", result.Solvers.Select(solver => Display.Count(solver.Converged)))}");
        terminal.Say($"  {Line("evaluations", result.Solvers.Select(solver => Display.Count(solver.Evaluations)))}");

        string Line(string first, IEnumerable<string> cells) =>
            $"{first.PadRight(nameWidth)} {string.Join(' ', cells.Select((cell, column) => cell.PadLeft(widths[column])))}";
    }
}
