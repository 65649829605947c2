using System.Globalization;
using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>Shows an audit: a table of gradients, the descent condition, the verdict.</summary>
internal static class AuditScreen
{
    // Columns that are in their places: below this the heading above the heading would stand beside what it names.
    private const int HeadingWidth = 95;

    public static void Show(Terminal terminal, AuditResult result)
    {
        if (result.IsOfFlows())
        {
            ShowFlows(terminal, result);
            return;
        }

        ResultScreen.Row(terminal, "samples", Display.Count(result.Samples), $"{Display.Count(result.Converged)} solves converged");
        ResultScreen.Contraction(
            terminal, result.GammaCertified,
            $"{Display.Factor(result.GammaDeclared)} declared, {Display.Factor(result.GammaMeasured)} measured at most", result.GammaNorm);
        Monotonicity monotone = new(result.MonotonicityDeclared, result.MonotonicityCertified, result.LipschitzBound);
        ResultScreen.Monotone(terminal, monotone);
        ResultScreen.ErrorBound(terminal, result.ErrorBound, result.ErrorNorm);
        ResultScreen.Row(terminal, "reference", Number(result.ReferenceResidual), "largest relative residual of the exact direction");
        terminal.Say();
        terminal.Say(terminal.Width is null or >= HeadingWidth
            ? "[grey]                 parameter gradient      directions of samples[/]"
            : "[grey]  cosine and rel. error: of the parameter gradient; then those of the directions of samples[/]");

        ScreenTable.Show(
            terminal,
            [
                [
                    "[grey]  gradient      [/]", "[grey]   cosine[/]", "[grey]   rel. error[/]", "[grey]   least cosine[/]",
                    "[grey]   largest error[/]", "[grey]   bound   [/]", "[grey]   verdict[/]",
                ],
                .. result.Gradients.Select(gradient => (string[])
                [
                    $"  {gradient.Name,-14}", $" {Cosine(gradient.Cosine),8}", $"   {Number(gradient.RelativeError),10}",
                    $"   {Cosine(gradient.DirectionCosineLeast),12}", $"   {Number(gradient.DirectionErrorLargest),13}",
                    $"   {Number(gradient.DirectionErrorBound),-8}", $"   {gradient.Verdict}",
                ]),
            ]);

        if (result.BoundWords() is { } words)
        {
            terminal.Say($"  [grey]{words}[/]", hanging: 2);
        }

        terminal.Say();
        foreach (AuditedCondition condition in result.Conditions)
        {
            string kappa = condition.Kappa is { } known
                ? (condition.Status == "LowerBound" ? "at least " : "") + Number(known)
                : "infinite";
            string holds = condition.Holds switch
            {
                true => "holds: JFB descends for every loss",
                false => "does not hold: "
                + "JFB may descend, but not for every loss",
                null => "undecided"
            };
            ResultScreen.Row(terminal, $"kappa, sample {condition.Sample}", kappa, $"limit {Number(condition.Limit)}; {holds}");
        }

        if (result.Conditions.Count > 0)
        {
            const string kappa = "kappa is the condition number of M M^T, M = dR/dTheta: how R of a sample changes with its weights";
            terminal.Say($"  [grey]{kappa}[/]", hanging: 2);
        }

        End(terminal, result);
    }

    private static void ShowFlows(Terminal terminal, AuditResult result)
    {
        ResultScreen.Row(terminal, "samples", Display.Count(result.Samples), $"{Display.Count(result.Converged)} flows came to their end");
        terminal.Say();
        terminal.Say(
            "[grey]  cosine and rel. error: to the exact gradient of the same steps; then that one to the exact one of finer steps[/]",
            hanging: 2);
        ScreenTable.Show(
            terminal,
            [
                [
                    "[grey]  gradient          [/]", "[grey]   cosine[/]", "[grey]   rel. error[/]", "[grey]   steps' cosine[/]",
                    "[grey]   steps' error[/]", "[grey]   verdict[/]",
                ],
                .. result.Gradients.Select(gradient => (string[])
                [
                    $"  {gradient.Name,-18}", $" {Cosine(gradient.Cosine),8}", $"   {Number(gradient.RelativeError),10}",
                    $"   {Cosine(gradient.StepsCosine),13}", $"   {Number(gradient.StepsError),12}", $"   {gradient.Verdict}",
                ]),
            ]);
        terminal.Say();
        End(terminal, result);
    }

    private static void End(Terminal terminal, AuditResult result)
    {
        terminal.Say($"  {Markup.Escape(result.Explanation)}", hanging: 2);
        foreach (string file in result.Files)
        {
            terminal.Tell($"  [grey]{Markup.Escape(file)}[/]");
        }
    }

    private static string Cosine(double? value) => value is { } known ? Display.Number(known) : "-";

    private static string Number(double? value) => value is { } known ? known.ToString("g3", CultureInfo.InvariantCulture) : "-";
}
