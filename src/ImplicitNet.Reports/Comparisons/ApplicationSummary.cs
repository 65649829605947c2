using System.Globalization;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>
/// What one network answers after a number of applications of R: means and deviations over networks that differ in their seed alone.
/// </summary>
internal sealed class ApplicationSummary
{
    /// <summary>Sums studies up.</summary>
    /// <param name="studies">At least one, all with the same numbers of applications and one tolerance.</param>
    /// <exception cref="ArgumentException">There is no study, or their numbers differ.</exception>
    public ApplicationSummary(IReadOnlyList<ApplicationStudy> studies)
    {
        ArgumentNullException.ThrowIfNull(studies);
        int?[][] numbers = [.. studies.Select(study => study.All.Select(measured => measured.Applications).ToArray())];
        if (numbers.Length == 0 || !Array.TrueForAll(numbers, own => own.SequenceEqual(numbers[0]))
            || studies.Any(study => study.Tolerance != studies[0].Tolerance))
        {
            throw new ArgumentException(
                "A summary needs at least one study, and all with the same numbers of applications and one tolerance.", nameof(studies));
        }

        Studies = studies.Count;
        Tolerance = studies[0].Tolerance;
        Rows = [.. numbers[0].Select((number, i) => Row.Of(number, [.. studies.Select(study => study.All.ElementAt(i))]))];
        MeanSteps = studies.Average(study => study.MeanSteps);
        Failed = studies.Sum(study => study.Failures) / (double)Math.Max(1, studies.Sum(study => study.Samples));
    }

    /// <summary>Networks.</summary>
    public int Studies { get; }

    /// <summary>The relative tolerance of the last row; null where the dtype's default was in force.</summary>
    public double? Tolerance { get; }

    /// <summary>One for each number of applications, rising, and one for the tolerance.</summary>
    public IReadOnlyList<Row> Rows { get; }

    /// <summary>Solver steps that the tolerance takes, on average.</summary>
    public double MeanSteps { get; }

    /// <summary>Share of the samples that did not reach the tolerance, 0 to 1.</summary>
    public double Failed { get; }

    /// <summary>The table, one row for each number.</summary>
    public ReportTable Table() => new(
        ["Applications of R", "Accuracy (%)", "Loss", "Relative residual", "Answers as at the tolerance (%)"],
        [.. Rows.Select(row => new[]
        {
            row.Applications is null ? string.Create(CultureInfo.InvariantCulture, $"{Name(row)} ({MeanSteps:0.0} steps)") : Name(row),
            Text(row.Accuracy, 100, "0.00"),
            Text(row.Loss, 1, "0.0000"),
            row.RelativeResidual is { } residual ? WrittenNumber.Of(residual.Mean, 2) : "not finite",
            Text(row.Agreement, 100, "0.00"),
        })]);

    /// <summary>The row in tables and charts: "5", or "to 0.001".</summary>
    internal string Name(Row row) => (row.Applications, Tolerance) switch
    {
        ({ } number, _) => number.ToString(CultureInfo.InvariantCulture),
        (null, { } tolerance) => string.Create(CultureInfo.InvariantCulture, $"to {WrittenNumber.Of(tolerance)}"),
        _ => "to tolerance",
    };

    private static string Text(MeanAndDeviation? value, double scale, string format) => value?.ToText(scale, format) ?? "not finite";

    /// <summary>One number of applications. What is not finite for one of the networks is null.</summary>
    public sealed record Row
    {
        /// <summary>The number; null for the tolerance.</summary>
        public required int? Applications { get; init; }

        /// <inheritdoc cref="ApplicationMeasurement.Accuracy"/>
        public required MeanAndDeviation? Accuracy { get; init; }

        /// <inheritdoc cref="ApplicationMeasurement.Loss"/>
        public required MeanAndDeviation? Loss { get; init; }

        /// <inheritdoc cref="ApplicationMeasurement.RelativeResidual"/>
        public required MeanAndDeviation? RelativeResidual { get; init; }

        /// <inheritdoc cref="ApplicationMeasurement.Agreement"/>
        public required MeanAndDeviation? Agreement { get; init; }

        internal static Row Of(int? number, ApplicationMeasurement[] measured) => new()
        {
            Applications = number,
            Accuracy = MeanAndDeviation.Of(measured.Select(one => (double?)one.Accuracy)),
            Loss = MeanAndDeviation.Of(measured.Select(one => (double?)one.Loss)),
            RelativeResidual = MeanAndDeviation.Of(measured.Select(one => (double?)one.RelativeResidual)),
            Agreement = MeanAndDeviation.Of(measured.Select(one => (double?)one.Agreement)),
        };
    }
}
