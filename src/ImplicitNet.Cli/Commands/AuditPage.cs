using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Cli.Commands;

/// <summary>What the page of audit says.</summary>
internal static class AuditPage
{
    public static ReportContent Of(AuditResult result, IReadOnlyList<Chart> charts) => new()
    {
        Title = $"How good the gradients are, {result.Data}",
        Summary = result.Explanation,
        Figures =
        [
            new("Verdict", result.Verdict, $"of {result.Gradients[0].Name}, the model's own"),
            new("Cosine to the exact gradient", Factor(result.Gradients[0].Cosine)),
            .. result.IsOfFlows()
                ? [new("Cosine of the steps' gradient to that of finer steps", Factor(result.Gradients[0].StepsCosine))]
                : Contraction(result),
            new(result.IsOfFlows() ? "Flows that came to their end" : "Solves converged",
                $"{Display.Count(result.Converged)} of {Display.Count(result.Samples)}"),
        ],
        Sections =
        [
            result.IsOfFlows() ? Flows(result) : new()
            {
                Heading = "Gradients",
                Text = "Against the exact gradient, whose own relative residual is at most "
                    + $"{Number(result.ReferenceResidual)}: the parameter gradient of the batch, and the directions of its samples."
                    + (result.BoundWords() is { } words ? $" {words}" : ""),
                Table = new ReportTable(
                    ["Gradient", "Cosine", "Relative error", "Directions, least cosine", "Directions, largest error", "Its bound",
                        "Verdict"],
                    [.. result.Gradients.Select(gradient => new[]
                    {
                        gradient.Name, Factor(gradient.Cosine), Number(gradient.RelativeError), Factor(gradient.DirectionCosineLeast),
                        Number(gradient.DirectionErrorLargest), Number(gradient.DirectionErrorBound), gradient.Verdict,
                    })]),
                Charts = charts,
            },
            .. result.Conditions.Count == 0 ? Array.Empty<ReportSection>() : [Conditions(result)],
            new()
            {
                Heading = "What was looked at",
                Table = ReportTable.OfPairs(
                    [
                        new("Model", result.Model), new("Data", $"{result.Data}, {result.Split}"),
                        new(result.IsOfFlows() ? "Samples" : "Images", Display.Count(result.Samples)),
                        new("Threads", Display.Count(result.Threads)), new("Device", result.Device),
                        new("Time", Display.Seconds(result.Seconds)),
                    ]),
            },
            PageEnvironment.Section(),
        ],
    };

    private static KeyFigure[] Contraction(AuditResult result)
    {
        string norm = result.GammaNorm is null or "L2" ? "" : $", {result.GammaNorm} norm";
        return
        [
            new("Contraction certified", Factor(result.GammaCertified),
                $"declared {Factor(result.GammaDeclared)}, measured {Factor(result.GammaMeasured)}{norm}"),
            .. result.MonotonicityDeclared is { } declared
                ? [new("Monotonicity certified", Factor(result.MonotonicityCertified),
                    $"declared {Factor(declared)}; norm of I - W at most {Factor(result.LipschitzBound)}")]
                : Array.Empty<KeyFigure>(),
            .. result.ErrorBound is { } bound
                ? [new("Distance to the fixed point, at most", Number(bound), $"{result.ErrorNorm} norm, by the residuals")]
                : Array.Empty<KeyFigure>(),
        ];
    }

    private static ReportSection Flows(AuditResult result) => new()
    {
        Heading = "Gradients",
        Text = "Two numbers: the gradient against the exact one of the same steps, which is what the way of differentiating costs; and "
            + "that one against the exact one at a hundredth of the tolerance, which is what the steps cost. The verdict is that of the "
            + "worse.",
        Table = new ReportTable(
            ["Gradient", "Cosine", "Relative error", "Steps, cosine", "Steps, relative error", "Verdict"],
            [.. result.Gradients.Select(gradient => new[]
            {
                gradient.Name, Factor(gradient.Cosine), Number(gradient.RelativeError), Factor(gradient.StepsCosine),
                Number(gradient.StepsError), gradient.Verdict,
            })]),
    };

    private static ReportSection Conditions(AuditResult result) => new()
    {
        Heading = "The descent condition of JFB",
        Text = "Where kappa, the condition number of M M^T with M = dR/dTheta, is below its limit, JFB descends whatever the loss. "
            + "It is sufficient, not necessary: what counts is the cosine above.",
        Table = new ReportTable(
            ["Sample", "Kappa", "Limit", "Holds"],
            [.. result.Conditions.Select(condition => new[]
            {
                Display.Count(condition.Sample),
                condition.Kappa is { } kappa ? (condition.Status == "LowerBound" ? "at least " : "") + Number(kappa) : "infinite",
                Number(condition.Limit),
                condition.Holds switch { true => "yes", false => "no", null => "undecided" },
            })]),
    };

    private static string Factor(double? value) => value is { } known ? Display.Number(known) : "none";

    private static string Number(double? value) => value is { } known ? WrittenNumber.Of(known) : "–";
}
