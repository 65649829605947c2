using System.Globalization;
using ImplicitNet.Operators;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Reports;

/// <summary>A report of a run: charts, and one page with them.</summary>
public sealed record RunReport
{
    // A page that is to be sent about.
    private const int MostImages = 40;

    /// <summary>The title of the page: what was trained on what.</summary>
    public required string Title { get; init; }

    /// <summary>The training; at least one epoch.</summary>
    public required TrainingResult Training { get; init; }

    /// <summary>The evaluation on the test data, with the weights chosen on validation.</summary>
    public required EvaluationResult Test { get; init; }

    /// <summary>The contraction factor at the fixed points of test samples; null, the default, of a network without them.</summary>
    public ContractionReport? Contraction { get; init; }

    /// <summary>
    /// How residuals fell on the test samples that <see cref="Steps"/> are of; null, the default, of a network without fixed points.
    /// </summary>
    public ResidualTraceSummary? Residuals { get; init; }

    /// <summary>
    /// Solver steps of the test samples, or of the first of them where there are fewer; one number per sample. None by default.
    /// </summary>
    public IReadOnlyList<int> Steps { get; init; } = [];

    /// <summary>What was trained, for the beginning of a sentence; default "An implicit network".</summary>
    public string Network { get; init; } = "An implicit network";

    /// <summary>How it was differentiated through the fixed point, for a sentence; default "Jacobian-free backpropagation".</summary>
    public string Gradient { get; init; } = "Jacobian-free backpropagation";

    /// <summary>The number of trainable parameters of the network.</summary>
    public required long Parameters { get; init; }

    /// <summary>What a sample is called, in the plural; default "samples".</summary>
    public string Samples { get; init; } = "samples";

    /// <summary>The confusion matrix of the test data, and the names of the classes in order; by default none is shown.</summary>
    public (Confusion Counts, IReadOnlyList<string> Classes)? Confusion { get; init; }

    /// <summary>
    /// Images of the test data to show, in this order, with their answers. The first forty are shown, and only together with a
    /// <see cref="Confusion"/>; none by default.
    /// </summary>
    public IReadOnlyList<AnsweredImage> Images { get; init; } = [];

    /// <summary>Further parts of the page, behind its figures; none by default.</summary>
    internal IReadOnlyList<ReportSection> Sections { get; init; } = [];

    /// <summary>Names and values of the settings that the run was started with.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; }

    /// <summary>The certificates of the gradient that were made during the run; none by default.</summary>
    public CertificateHistory Certificates { get; init; } = CertificateHistory.Empty;

    private CultureInfo Culture { get; } = CultureInfo.InvariantCulture;

    /// <summary>Writes report.html and, in the folder charts, each chart as PNG.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <returns>The paths written, the page first.</returns>
    /// <exception cref="IOException">A file could not be written; an old one stays as it was.</exception>
    public IReadOnlyList<string> Write(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        LearningCurves curves = new() { Epochs = Training.Epochs, ChosenEpoch = Training.BestEpoch };
        (string Name, Chart Chart)[] learning =
        [
            .. HasAccuracy ? [("accuracy", LearningCurveCharts.Accuracy(curves))] : Array.Empty<(string, Chart)>(),
            ("loss", LearningCurveCharts.Loss(curves)),
        ];
        (string Name, Chart Chart)[] solving =
        [
            .. Residuals is { } residuals
                ? [("residuals", ResidualChart.Create(residuals, $"Residual over solver steps{OfFirst}")),
                ("steps", StepHistogramChart.Create(Steps, $"Solver steps per sample{OfFirst}"))]
                : Array.Empty<(string, Chart)>(),
        ];
        (string Name, Chart Chart)[] gradient = Certificates.Certificates.Count == 0
            ? []
            : [("gradient-cosine", CertificateCharts.Cosine(Certificates)),
            ("gradient-error", CertificateCharts.RelativeError(Certificates))];
        Directory.CreateDirectory(folder.At("charts"));
        List<string> paths = [folder.Report];
        foreach ((string name, Chart chart) in learning.Concat(solving).Concat(gradient))
        {
            string path = folder.At(Path.Combine("charts", name + ".png"));
            chart.Save(path);
            paths.Add(path);
        }

        HtmlReport.Write(folder.Report,
            Content([.. learning.Select(pair => pair.Chart)], [.. solving.Select(pair => pair.Chart)],
                [.. gradient.Select(pair => pair.Chart)]));
        return paths;
    }

    private ReportContent Content(IReadOnlyList<Chart> learning, IReadOnlyList<Chart> solving, IReadOnlyList<Chart> gradient) => new()
    {
        Title = Title,
        Summary = string.Create(
            Culture,
            $"{Network} of {Parameters:N0} parameters, trained by {Gradient} for {Several(Training.Epochs.Count, "epoch")} in "
                + $"{Duration(Training.Seconds)}. The weights of epoch {Training.BestEpoch}, the best on validation, ")
            + (Test.Accuracy is { } accuracy
                ? string.Create(Culture, $"answer {100 * accuracy:0.00} % of {Test.Count:N0} test {Samples} correctly; ")
                : string.Create(Culture, $"come to a mean loss of {Test.Loss:0.0000} on {Test.Count:N0} test {Samples}; "))
            + $"the test {Samples} were looked at once, at the end.",
        Figures =
        [
            Test.Accuracy is { } right
                ? new(
                    "Test accuracy",
                    string.Create(Culture, $"{100 * right:0.00} %"),
                    string.Create(Culture, $"{Test.Count:N0} {Samples}, loss {Test.Loss:0.0000}"))
                : new("Test loss", Text(Test.Loss, "0.0000"), string.Create(Culture, $"{Test.Count:N0} {Samples}")),
            Training.ValidationAccuracy is { } best
                ? new(
                    "Validation accuracy",
                    string.Create(Culture, $"{100 * best:0.00} %"),
                    string.Create(Culture, $"epoch {Training.BestEpoch}, chosen by it"))
                : new(
                    "Validation loss",
                    Text(Training.ValidationLoss, "0.0000"),
                    string.Create(Culture, $"epoch {Training.BestEpoch}, the best")),
            .. Test.Scores.Where(score => score.Key != Measurement.Accuracy)
                .Select(score => new KeyFigure($"Test {score.Key}", Text(score.Value, "0.####"), "mean over the test data")),
            new(
                IsOfFlows ? "Flows that came to their end" : "Fixed points found",
                string.Create(Culture, $"{100.0 * Converged / Math.Max(1, Test.Solver.Samples):0.##} %"),
                string.Create(Culture, $"{Test.Solver.MeanSteps:0.0} steps on average")),
            .. Contraction is { } contraction
                ? [new(
                    "Contraction certified",
                    Factor(contraction.Certified),
                    string.Create(Culture, $"declared {Factor(contraction.Declared)}, measured {contraction.Measured:0.0000}")
                        + (contraction.Norm.Equals(ResidualNorm.L2) ? "" : $", {contraction.Norm} norm"))]
                : Array.Empty<KeyFigure>(),
            new(
                "Time",
                Duration(Training.Seconds),
                string.Create(Culture, $"{Duration(Training.Epochs.Average(epoch => epoch.Seconds ?? 0))} per epoch")),
        ],
        Sections =
        [
            .. Sections,
            new() { Heading = "Learning", Charts = learning, Table = Epochs() },
            new() { Heading = "Work and time", Text = WorkText, Table = Work() },
            new() { Heading = "Solving", Text = SolverText(), Charts = solving },
            .. gradient.Count == 0
                ? Array.Empty<ReportSection>()
                : [new() { Heading = "Gradient", Text = GradientText(), Charts = gradient }],
            .. Confusion is { } confusion
                ? [new() { Heading = $"Confusion on the test {Samples}", Text = "Rows: the true class. Columns: "
                    + "what the network answered.", Table = Table(confusion.Counts.Counts, confusion.Classes) }]
                : Array.Empty<ReportSection>(),
            .. Shown(),
            new() { Heading = "Settings", Table = ReportTable.OfPairs(Settings) },
            new() { Heading = "Environment", Table = ReportTable.OfPairs(RunEnvironment.Describe()) },
        ],
    };

    private IEnumerable<ReportSection> Shown()
    {
        AnsweredImage[] shown = [.. Images.Where(image => image.Images.Channels is 1 or 3).Take(MostImages)];
        if (Confusion is not { } confusion || shown.Length == 0)
        {
            yield break;
        }

        int wrong = confusion.Counts.Counts.Index().Sum(row => row.Item.Sum() - row.Item[row.Index]);
        int seen = shown.Count(image => !image.IsRight);
        string which = wrong == 0
            ? $"No test image was answered wrongly; {shown.Length} right answers."
            : $"{Wrong(seen, wrong)}, and {Several(shown.Length - seen, "right one")}.";
        yield return new()
        {
            Heading = "Images and answers",
            Text = $"{which} Below each: the answer, its probability, and how its fixed point was found.",
            Pictures = [.. shown.Select(image => ReportPicture.Of(image, confusion.Classes))],
        };
    }

    private string Wrong(int seen, int wrong) => (seen, wrong) switch
    {
        (1, 1) => "The one wrong answer",
        _ when seen == wrong => string.Create(Culture, $"All {wrong:N0} wrong answers"),
        _ => string.Create(Culture, $"{seen:N0} of the {wrong:N0} wrong answers"),
    };

    private bool HasAccuracy => Training.Epochs.Any(epoch => epoch.ValidationAccuracy is not null);

    private long Converged => Test.Solver.Statuses[SolveStatus.Converged];

    private bool IsOfFlows => Test.Solver.Flows.Count > 0;

    private string SolverText()
    {
        if (IsOfFlows)
        {
            string ends = string.Join(", ", Test.Solver.Flows.Where(end => end.Value > 0)
                .Select(end => string.Create(Culture, $"{end.Value:N0} {end.Key}")));
            double evaluations = (double)Test.Solver.Evaluations / Math.Max(1, Test.Count);
            return string.Create(Culture, $"The flows of the test {Samples}: {ends}, with {evaluations:0.0} evaluations of the vector ")
                + "field for a sample on average."
                + (Test.LeftOut == 0 ? "" : string.Create(Culture, $" The {Test.LeftOut:N0} that failed have no answer and do not count."));
        }

        string failed = string.Join(", ", Test.Solver.Statuses
            .Where(status => status.Key != SolveStatus.Converged && status.Value > 0)
            .Select(status => string.Create(Culture, $"{status.Value:N0} {status.Key}")));
        return string.Create(Culture, $"On the test {Samples}: {Converged:N0} of {Test.Solver.Samples:N0} solves "
            + $"converged{(failed.Length > 0 ? $" ({failed})" : "")}, with {Test.Solver.Evaluations:N0} evaluations of the latent "
            + $"operator. ")
            + (Contraction is { Certified: { } certified } contraction
                ? string.Create(Culture, $"The certified factor {certified:0.0000} holds for every input: "
                    + $"one evaluation leaves at most this share of the distance to the solution, in the {contraction.Norm} norm. ")
                : "")
            + (Test.Solver.ErrorBound is { } bound
                ? string.Create(Culture, $"By its residual, the latent of every test sample is within {WrittenNumber.Of(bound, 2)} of its "
                    + $"fixed point, in the {Test.Solver.ErrorNorm} norm.")
                : "");
    }

    private string GradientText() => string.Create(
        Culture,
        $"Certified on {Certificates.Certificates.Count:N0} training batches against the exact gradient, before their steps: "
            + $"cosine {Certificates.Certificates.Min(record => record.Cosine):0.0000} at least, "
            + $"{Certificates.Certificates.Average(record => record.Cosine):0.0000} on average. ")
        + (Certificates.Changes.Count == 0
            ? "The gradient was never changed."
            : $"The gradient was changed {Several(Certificates.Changes.Count, "time")}: "
                + $"{string.Join(", ", Certificates.Changes.Select(Change))}; 0 is the cheapest.");

    private string Change(GradientChangeRecord change) => string.Create(
        Culture, $"at step {change.Step:N0} from {change.From} to {change.To} (cosine {change.Cosine:0.000})");

    private ReportTable Epochs() => new(
        [
            "Epoch", "Training loss", .. Accuracy("Training accuracy"), "Validation loss", .. Accuracy("Validation accuracy"),
            .. ScoreNames, "Solver steps", "Learning rate", "Time",
        ],
        [.. Training.Epochs.Select(epoch => (IReadOnlyList<string>)
        [
            epoch.Epoch.ToString(Culture) + (epoch.Epoch == Training.BestEpoch ? " (kept)" : ""),
            Counted(epoch.TrainLoss, "0.0000", ""),
            .. Accuracy(Counted(100 * epoch.TrainAccuracy, "0.00", " %")),
            Text(epoch.ValidationLoss, "0.0000"),
            .. Accuracy(Text(100 * epoch.ValidationAccuracy, "0.00") + " %"),
            .. ScoreNames.Select(name => epoch.Scores.TryGetValue(name, out double score) ? Text(score, "0.####") : "–"),
            Text(epoch.SolverSteps, "0.0"),
            epoch.LearningRate is { } rate ? WrittenNumber.Of(rate, 2) : "–",
            Duration(epoch.Seconds ?? 0),
        ])]);

    private string OfFirst => Steps.Count < Test.Count ? string.Create(Culture, $" of the first {Steps.Count:N0} {Samples}") : "";

    private IReadOnlyList<string> ScoreNames => [.. Training.Epochs.SelectMany(epoch => epoch.Scores.Keys).Distinct()];

    private string[] Accuracy(string cell) => HasAccuracy ? [cell] : [];

    private string WorkText => IsOfFlows
        ? "Evaluations of the vector field in the flows of training, and samples of training and validation whose flow failed. "
            + "Forward: the flow and the loss. The whole contains reading the data too."
        : "Evaluations of the latent operator in the solves, training samples whose solve did not converge, also where it was cut "
            + "short on purpose, and products with its Jacobian in the backward passes, each counted once for every sample. "
        + "Forward: encoder, solve, attached evaluation, readout and loss. The whole contains reading the data too.";

    private ReportTable Work() => IsOfFlows ? WorkOfFlows() : new(
        ["Epoch", "Evaluations", "Not converged", "Backward products", "Adjoint failures", "By JFB instead", "Cosine to exact", "Forward",
            "Backward", "Optimiser", "Validation", "Whole"],
        [.. Training.Epochs.Select(epoch => new[]
        {
            epoch.Epoch.ToString(Culture),
            Text(epoch.Evaluations, "N0"),
            Text(epoch.SolverFailures, "N0"),
            Text(epoch.Products, "N0"),
            Text(epoch.AdjointFailures, "N0"),
            Text(epoch.FallBacks, "N0"),
            Text(epoch.Cosine, "0.0000"),
            Time(epoch.Times?.Forward),
            Time(epoch.Times?.Backward),
            Time(epoch.Times?.Optimizer),
            Time(epoch.Times?.Validation),
            Time(epoch.Seconds),
        })]);

    private ReportTable WorkOfFlows() => new(
        ["Epoch", "Evaluations", "Failed", "Not validated", "Forward", "Backward", "Optimiser", "Validation", "Whole"],
        [.. Training.Epochs.Select(epoch => new[]
        {
            epoch.Epoch.ToString(Culture),
            Text(epoch.Evaluations, "N0"),
            Text(epoch.SolverFailures, "N0"),
            Text(epoch.ValidationLeftOut ?? 0, "N0"),
            Time(epoch.Times?.Forward),
            Time(epoch.Times?.Backward),
            Time(epoch.Times?.Optimizer),
            Time(epoch.Times?.Validation),
            Time(epoch.Seconds),
        })]);

    private string Time(double? seconds) => seconds is { } known ? Duration(known) : "–";

    private ReportTable Table(IReadOnlyList<IReadOnlyList<int>> counts, IReadOnlyList<string> classes) => new(
        ["", .. classes, "Correct"],
        [.. counts.Select((row, label) => (IReadOnlyList<string>)
        [
            classes[label],
            .. row.Select(count => count == 0 ? "–" : count.ToString("N0", Culture)),
            row.Sum() == 0 ? "–" : string.Create(Culture, $"{100.0 * row[label] / row.Sum():0.0} %"),
        ])]);

    /// <summary>A mean over samples that count; NaN is that of none.</summary>
    private string Counted(double? value, string format, string unit) =>
        value is double.NaN ? "no sample converged" : Text(value, format) + unit;

    private string Text(double? value, string format) => value is { } number ? number.ToString(format, Culture) : "–";

    private string Several(long count, string one) => string.Create(Culture, $"{count:N0} {one}{(count == 1 ? "" : "s")}");

    private string Factor(double? value) => Text(value, "0.0000");

    private string Duration(double seconds) => seconds < 120
        ? string.Create(Culture, $"{seconds:0.0} s")
        : string.Create(Culture, $"{Math.Floor(seconds / 60):0} min {seconds % 60:0} s");
}
