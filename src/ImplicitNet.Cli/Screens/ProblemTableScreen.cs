using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>
/// Shows problems by solvers: where every sample converged the evaluations, else how many did; below that the totals, under the
/// solvers' names once more, since the rows fill more than a screen. Within 80 columns with the solvers there are.
/// </summary>
internal static class ProblemTableScreen
{
    private const int LeastWidth = 9;

    public static void Show(Terminal terminal, ProblemTableResult result)
    {
        int nameWidth = result.Problems.Max(problem => problem.Name.Length);
        int[] widths = [.. result.Solvers.Select(solver => Math.Max(LeastWidth, solver.Name.Length))];
        string[] names = [.. result.Solvers.Select(solver => solver.Name)];
        List<string[]> lines = [Line("grey", "problem", names)];
        foreach (ProblemTableResult.ProblemRow row in result.Problems)
        {
            IEnumerable<string> cells = row.Solvers.Select((cell, column) => cell.Solved
                ? $" {Display.Count(cell.Evaluations).PadLeft(widths[column])}"
                : $" [yellow]{$"{cell.Statuses["Converged"]} of {row.Samples}".PadLeft(widths[column])}[/]");
            lines.Add([$"  {Markup.Escape(row.Name.PadRight(nameWidth))}", .. cells]);
        }

        int samples = result.Problems.Sum(problem => problem.Samples);
        lines.Add([""]);
        lines.Add(Line("grey", "problem", names));
        lines.Add(Line("bold", $"solved of {result.Problems.Count}", [.. result.Solvers.Select(solver => Display.Count(solver.Solved))]));
        lines.Add(Line("", $"samples of {samples}", [.. result.Solvers.Select(solver => Display.Count(solver.Converged))]));
        lines.Add(Line("", "evaluations", [.. result.Solvers.Select(solver => Display.Count(solver.Evaluations))]));
        ScreenTable.Show(terminal, lines);

        string[] Line(string style, string first, string[] cells) =>
        [
            "  " + Styled(style, first.PadRight(nameWidth)),
            .. cells.Select((cell, column) => Styled(style, $" {cell.PadLeft(widths[column])}")),
        ];
    }

    private static string Styled(string style, string text) => style.Length == 0 ? text : $"[{style}]{text}[/]";
}
