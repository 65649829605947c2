using System.Globalization;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Reports;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>The times of a pair, round by round.</summary>
internal sealed record PairResult
{
    /// <summary>See <see cref="Pair.Name"/>.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="Pair.BaselineName"/>.</summary>
    public required string BaselineName { get; init; }

    /// <summary>See <see cref="Pair.CandidateName"/>.</summary>
    public required string CandidateName { get; init; }

    /// <summary>Samples in a batch.</summary>
    public required int Batch { get; init; }

    /// <summary>What the seconds are for.</summary>
    public required string Unit { get; init; }

    /// <summary>Where it ran.</summary>
    public required Machine Machine { get; init; }

    /// <summary>The images it ran on.</summary>
    public required string Images { get; init; }

    /// <summary>Seconds a unit, by round, of the side that is compared with.</summary>
    public required double[] BaselineSeconds { get; init; }

    /// <summary>Seconds a unit, by round, of ours.</summary>
    public required double[] CandidateSeconds { get; init; }

    /// <summary>Our time over the other's, of the same round each; below 1 ours is faster.</summary>
    public Spread Ratio => Spread.Of(CandidateSeconds.Zip(BaselineSeconds, (candidate, baseline) => candidate / baseline));

    /// <summary>What both came to.</summary>
    public required IReadOnlyList<Fact> Facts { get; init; }

    /// <summary>Runs a pair.</summary>
    public static PairResult Of(Pair pair, Rounds rounds, Machine machine, string images)
    {
        double[][] seconds = rounds.Measure(pair.Prepare, pair.Baseline, pair.Candidate);
        return new PairResult
        {
            Name = pair.Name,
            BaselineName = pair.BaselineName,
            CandidateName = pair.CandidateName,
            Batch = pair.Batch,
            Unit = pair.Unit,
            Machine = machine,
            Images = images,
            BaselineSeconds = [.. seconds[0].Select(round => round / pair.UnitsInRound)],
            CandidateSeconds = [.. seconds[1].Select(round => round / pair.UnitsInRound)],
            Facts = pair.Facts(),
        };
    }

    /// <summary>One row for each result.</summary>
    public static ReportTable Table(IReadOnlyList<PairResult> results) => new(
        ["What", "Batch", "Ratio (least to largest)", "Ours", "Compared with", "What both came to"],
        [.. results.Select(result => (IReadOnlyList<string>)
        [
            $"{result.Name}, {result.Images}: {result.CandidateName} against {result.BaselineName}",
            Display.Count(result.Batch),
            RatioText(result.Ratio),
            $"{Display.Measured(Spread.Of(result.CandidateSeconds).Median)} a {result.Unit}",
            $"{Display.Measured(Spread.Of(result.BaselineSeconds).Median)} a {result.Unit}",
            string.Join("; ", result.Facts),
        ])]);

    /// <summary>What is compared, where, and the ratio, in one line; then a line for every fact.</summary>
    public override string ToString()
    {
        string head = $"{Name}: {CandidateName} against {BaselineName} | {Images}, batch {Batch} | {Machine} | ratio {RatioText(Ratio)} | "
            + $"{Display.Measured(Spread.Of(CandidateSeconds).Median)} against {Display.Measured(Spread.Of(BaselineSeconds).Median)} a "
            + $"{Unit}";
        return string.Join('\n', Facts.Select(fact => $"    {fact}").Prepend(head));
    }

    private static string RatioText(Spread ratio) =>
        string.Create(CultureInfo.InvariantCulture, $"{ratio.Median:0.000} ({ratio.Least:0.000} to {ratio.Largest:0.000})");
}
