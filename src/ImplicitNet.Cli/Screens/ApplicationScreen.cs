using System.Globalization;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows what a network answers after numbers of applications of R: a row each; within 80 columns.</summary>
internal static class ApplicationScreen
{
    public static void Show(Terminal terminal, ApplicationStudy study)
    {
        List<string[]> lines =
        [
            [
                "  [grey]applications of R   [/]", "[grey]  accuracy[/]", "[grey]      loss[/]", "[grey]   residual[/]",
                "[grey]   same answer[/]",
            ],
        ];
        foreach (ApplicationMeasurement row in study.All)
        {
            string name = row.Applications?.ToString(CultureInfo.InvariantCulture)
                ?? string.Create(CultureInfo.InvariantCulture, $"to {study.Tolerance:0.#########}, {study.MeanSteps:0.0}");
            lines.Add(
            [
                $"  [bold]{name,-20}[/]", $" {Display.Percent(row.Accuracy),9}", $" {Display.Number(row.Loss),9}",
                $" {Display.Residual(row.RelativeResidual),10}", $" {Display.Percent(row.Agreement),13}",
            ]);
        }

        ScreenTable.Show(terminal, lines);

        terminal.Tell("  [grey]residual: mean of ||R(u, q) - u|| / ||u||; same answer: as at the tolerance[/]");
        if (study.Failures > 0)
        {
            terminal.Say($"  [yellow]{Display.Count(study.Failures)} of {Display.Count(study.Samples)} samples did not reach the "
                + $"tolerance; their best iterates count[/]");
        }
    }
}
