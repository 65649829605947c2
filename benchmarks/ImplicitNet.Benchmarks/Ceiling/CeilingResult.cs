using System.Globalization;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Reports;

namespace ImplicitNet.Benchmarks.Ceiling;

/// <summary>
/// How near a solve comes to the rate of its convolution. Rates are in GFLOP/s, two for a multiply-add; times in seconds a solve.
/// </summary>
internal sealed record CeilingResult
{
    /// <summary>Which solve.</summary>
    public required string Name { get; init; }

    /// <summary>Samples in the batch.</summary>
    public required long Batch { get; init; }

    /// <summary>Channels of the latent.</summary>
    public required long Channels { get; init; }

    /// <summary>Side of the latent, in pixels.</summary>
    public required long Side { get; init; }

    /// <summary>Where it ran.</summary>
    public required Machine Machine { get; init; }

    /// <summary>Evaluations of a solve, each of one sample.</summary>
    public required long Evaluations { get; init; }

    /// <summary>Rate of the solve: the multiply-adds of its convolutions over its time.</summary>
    public required Spread Solve { get; init; }

    /// <summary>Rate of the convolution alone, with the solve's shapes and weight, channels last.</summary>
    public required Spread Convolution { get; init; }

    /// <summary>The same with channels first.</summary>
    public required Spread ConvolutionChannelsFirst { get; init; }

    /// <summary>
    /// Rate of the convolution in bfloat16, channels last, with latents and weight rounded to it outside the time. No solve computes in it:
    /// it says whether that could be faster on this processor.
    /// </summary>
    public required Spread Bfloat16 { get; init; }

    /// <summary>
    /// Rate of a matrix product with the convolution's multiply-adds: [batch side side, 9 channels] by [9 channels, channels].
    /// </summary>
    public required Spread Product { get; init; }

    /// <summary>Rate of a product of two large square matrices: what the machine can do.</summary>
    public required Spread SquareProduct { get; init; }

    /// <summary>Rate of the solve over that of the convolution, of the same round each.</summary>
    public required Spread Fraction { get; init; }

    /// <summary>Time of a solve, without preparing the weight.</summary>
    public required double SolveSeconds { get; init; }

    /// <summary>Time of preparing the weight (dividing it by the bound of its norm).</summary>
    public required double BindSeconds { get; init; }

    /// <summary>The solve's convolutions, measured alone.</summary>
    public required double ConvolutionSeconds { get; init; }

    /// <summary>
    /// What an evaluation takes beyond torch's convolution: adding q, the activation. Negative where a kernel of our own does all in less.
    /// </summary>
    public required double ElementwiseSeconds { get; init; }

    /// <summary>Differences, norms and their transfer in every step, measured alone in their plain form.</summary>
    public required double NormSeconds { get; init; }

    /// <summary>
    /// What is left of the solve: the loop, copies of finished samples, native calls beyond those above. Negative where the solve does with
    /// less than the plain form of a part.
    /// </summary>
    public double RestSeconds => SolveSeconds - ConvolutionSeconds - ElementwiseSeconds - NormSeconds;

    /// <summary>Tensors that a solve makes: a native call or more each.</summary>
    public required long Tensors { get; init; }

    /// <summary>Time to make and release a tensor that holds nothing of its own.</summary>
    public required double TensorSeconds { get; init; }

    /// <summary>One row for each result.</summary>
    public static ReportTable Rates(IReadOnlyList<CeilingResult> results) => new(
        ["Solve", "Latents", "Solve over convolution", "Solve", "Convolution", "Channels first", "In bfloat16", "Its product",
            "Square product"],
        [.. results.Select(result => (IReadOnlyList<string>)
        [
            result.Name, result.Latents(), result.FractionText(), Rate(result.Solve), Rate(result.Convolution),
            Rate(result.ConvolutionChannelsFirst), Rate(result.Bfloat16),
            Rate(result.Product), Rate(result.SquareProduct),
        ])]);

    /// <summary>Where the time of preparing and solving goes: one row for each result.</summary>
    public static ReportTable Shares(IReadOnlyList<CeilingResult> results) => new(
        ["Solve", "Latents", "Both (ms)", "Weight", "Convolutions", "Elementwise", "Differences and norms", "Rest", "Tensors a solve",
            "Handles alone"],
        [.. results.Select(result => (IReadOnlyList<string>)
        [
            result.Name, result.Latents(), ((result.BindSeconds + result.SolveSeconds) * 1000)
                .ToString("0.00", CultureInfo.InvariantCulture), .. result.Parts().Select(part => result.Share(part.Seconds)),
            Display.Count(result.Tensors), result.Share(result.Tensors * result.TensorSeconds),
        ])]);

    /// <summary>The fraction and the rates in one line, where the time goes in a second.</summary>
    public override string ToString() =>
        $"solve, {Name}: {Latents()} | {Machine} | solve over convolution {FractionText()} | GFLOP/s: solve {Rate(Solve)}, "
            + $"convolution {Rate(Convolution)} "
        + $"(channels first {Rate(ConvolutionChannelsFirst)}, in bfloat16 {Rate(Bfloat16)}), its matrix product {Rate(Product)}, "
        + $"square product {Rate(SquareProduct)}\n"
        + $"    {Display.Measured(BindSeconds + SolveSeconds)}: "
        + $"{string.Join(", ", Parts().Select(part => $"{part.Name} {Share(part.Seconds)}"))}; "
        + $"{Display.Count(Tensors)} tensors made, whose handles alone cost {Share(Tensors * TensorSeconds)}";

    private (string Name, double Seconds)[] Parts() =>
    [
        ("preparing the weight", BindSeconds), ("convolutions", ConvolutionSeconds), ("elementwise", ElementwiseSeconds),
        ("differences and norms", NormSeconds), ("rest", RestSeconds),
    ];

    private string Latents() => $"{Batch} of {Channels} x {Side} x {Side}";

    // Adding zero makes of a negative zero, which would be written with its sign, a plain one.
    private string Share(double seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Round(100 * seconds / (BindSeconds + SolveSeconds)) + 0.0:0} %");

    private string FractionText() =>
        string.Create(CultureInfo.InvariantCulture, $"{Fraction.Median:0.00} ({Fraction.Least:0.00} to {Fraction.Largest:0.00})");

    private static string Rate(Spread rate) => rate.Median.ToString(rate.Median < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
