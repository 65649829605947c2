using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows what became of one maze: whether a path was found, how the solve went, and what speaks against the answer.</summary>
internal static class MazeScreen
{
    /// <summary>Shows it.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="maze">The result.</param>
    /// <param name="starts">Of every solve.</param>
    /// <param name="isOneOfSeveral">Whether there are others; what is wrong with one alone is told by the error.</param>
    public static void Show(Terminal terminal, MazeResult.Maze maze, int starts, bool isOneOfSeveral)
    {
        string path = Markup.Escape(maze.Path);
        int indent = maze.Path.Length + 4;
        if (maze.Error is { } error)
        {
            if (isOneOfSeveral)
            {
                terminal.Say($"  {path}  [red]{Markup.Escape(error.TrimEnd('.'))}[/]", indent);
            }

            return;
        }

        string answer = maze switch
        {
            { HasWay: false } => "[yellow]there is no way[/] from start to goal",
            { IsPath: true } => $"[bold green]path found[/], {maze.Cells} cells long",
            { IsConnected: true } => $"[yellow]path found[/], but {maze.Cells - maze.Way.Count} of {maze.Cells} cells are off it",
            _ => "[bold red]no path found[/]: the answer does not lead from start to goal",
        };
        string colour = maze.Status == "Converged" ? "green" : "red";
        terminal.Say($"  {path}  {answer}  [grey]{maze.Side} x {maze.Side},[/] [{colour}]{maze.Status}[/] "
            + $"[grey]after {Display.Counted(maze.Steps ?? 0, "step")}[/]{Agreement(maze, starts)}"
            + (maze.LeastProbability is { } least ? $"  [grey]least sure cell {Display.Percent(least)}[/]" : ""), indent);
        if (maze.Loops > 0)
        {
            terminal.Say($"  {"".PadRight(maze.Path.Length)}  [yellow]in doubt: the maze has {Display.Counted(maze.Loops.Value, "loop")}; "
                + "those of the training had none, and one way each[/]", indent);
        }

        if (maze.Output is { } output)
        {
            ResultScreen.Row(terminal, "drawn", output);
        }
    }

    private static string Agreement(MazeResult.Maze maze, int starts) => maze.AgreeingStarts is not { } agreeing ? ""
        : agreeing == starts ? $"  [grey]{starts} turned starts agree[/]"
        : $"  [yellow]{agreeing} of {starts} turned starts agree[/]";
}
