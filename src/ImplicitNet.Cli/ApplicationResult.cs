using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Cli;

/// <summary>What evaluate --applications prints under --json. Its names are an interface: they stay. What is not finite is null.</summary>
internal sealed record ApplicationResult
{
    public string Model { get; init; } = "";

    public string Data { get; init; } = "";

    public string Split { get; init; } = "";

    public int Samples { get; init; }

    public double? Tolerance { get; init; }

    public double MeanSteps { get; init; }

    public long Failures { get; init; }

    /// <summary>Rising; that at the tolerance, which has no number, last.</summary>
    public IReadOnlyList<Row> Rows { get; init; } = [];

    public IReadOnlyList<string> Charts { get; init; } = [];

    public double Seconds { get; init; }

    public int Threads { get; init; }

    public string Device { get; init; } = "";

    public static ApplicationResult Of(ApplicationStudy study) => new()
    {
        Samples = study.Samples,
        Tolerance = study.Tolerance,
        MeanSteps = study.MeanSteps,
        Failures = study.Failures,
        Rows = [.. study.All.Select(Row.Of)],
    };

    /// <summary>The study again.</summary>
    public ApplicationStudy ToStudy() => new()
    {
        Samples = Samples,
        ByApplications = [.. Rows.SkipLast(1).Select(row => row.ToMeasurement())],
        AtTolerance = Rows[^1].ToMeasurement(),
        Tolerance = Tolerance,
        MeanSteps = MeanSteps,
        Failures = Failures,
    };

    internal sealed record Row
    {
        public int? Applications { get; init; }

        public double Accuracy { get; init; }

        public double? Loss { get; init => field = FiniteNumber.OrNull(value); }

        public double? RelativeResidual { get; init => field = FiniteNumber.OrNull(value); }

        public double Agreement { get; init; }

        public static Row Of(ApplicationMeasurement measured) => new()
        {
            Applications = measured.Applications,
            Accuracy = measured.Accuracy,
            Loss = measured.Loss,
            RelativeResidual = measured.RelativeResidual,
            Agreement = measured.Agreement,
        };

        public ApplicationMeasurement ToMeasurement() => new()
        {
            Applications = Applications,
            Accuracy = Accuracy,
            Loss = Loss ?? double.NaN,
            RelativeResidual = RelativeResidual ?? double.NaN,
            Agreement = Agreement,
        };
    }
}
