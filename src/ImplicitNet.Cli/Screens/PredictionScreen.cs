using System.Globalization;
using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows predictions, one line an image: the answer, its probability, the next likely ones, and how the solve went.</summary>
internal static class PredictionScreen
{
    private const int MostNamed = 3;
    private const int LongestPath = 40;

    // What is less likely than this is not worth reading.
    private const double LeastShown = 0.001;

    public static void Show(Terminal terminal, IReadOnlyList<PredictionResult.Prediction> predictions, IReadOnlyList<string> names)
    {
        int pathWidth = Math.Min(LongestPath, predictions.Max(prediction => prediction.Path.Length));
        int nameWidth = names.Max(name => name.Length);
        foreach (PredictionResult.Prediction prediction in predictions)
        {
            string path = Markup.Escape(prediction.Path).PadRight(pathWidth);
            if (prediction.Error is { } error)
            {
                // One alone is told by the error.
                if (predictions.Count > 1)
                {
                    terminal.Say($"  {path}  [red]{Markup.Escape(error.TrimEnd('.'))}[/]", pathWidth + 4);
                }

                continue;
            }

            string colour = prediction.Status is "Converged" or "Completed" ? "green" : "red";
            string solve = $"[{colour}]{prediction.Status}[/] [grey]in {prediction.Steps} steps[/]{Starts(prediction.Agreement)}";
            if (prediction.Class is not { } answer)
            {
                terminal.Say($"  {path}  [red]no finite answer[/]  {solve}", pathWidth + 4);
                continue;
            }

            string others = string.Join(", ", prediction.Probabilities
                .Select((share, label) => (Share: share ?? 0, Label: label))
                .OrderByDescending(entry => entry.Share)
                .Skip(1)
                .Take(MostNamed - 1)
                .Where(entry => entry.Share >= LeastShown)
                .Select(entry => $"{names[entry.Label]}: {Percent(entry.Share)}"));
            terminal.Say($"  {path}  [bold]{names[answer].PadRight(nameWidth)}[/]  {Percent(prediction.Probabilities[answer] ?? 0),7}  "
                + $"{solve}{(others.Length > 0 ? $"  [grey]else {others}[/]" : "")}", pathWidth + 4);
            foreach (string doubt in prediction.Doubts)
            {
                terminal.Say($"  {"".PadRight(pathWidth)}  [yellow]in doubt: {Doubts.Words(doubt, prediction)}[/]", pathWidth + 4);
            }
        }
    }

    private static string Starts(StartsResult.Sample? agreement) => agreement switch
    {
        null => "",
        { SameAnswer: null, Converged: var converged } => $"  [red]{Display.Counted(converged, "start")} converged[/]",
        { SameAnswer: true, Converged: var converged } => $"  [grey]{converged} starts agree[/]",
        { Converged: var converged } => $"  [yellow]{converged} starts differ[/]",
    };

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} %");
}
