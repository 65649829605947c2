using System.Globalization;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Kernels.Winograd;
using ImplicitNet.Operators;
using ImplicitNet.Reports;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Convolutions;

/// <summary>
/// Our 3 x 3 convolution in turns with torch's at one shape: an evaluation <c>LeakyReLU(W * u + q)</c> without a graph, and a convolution
/// with both gradients in one. Times in seconds a call, channels last.
/// </summary>
internal sealed record ConvolutionTimes
{
    private const double Slope = 0.1;

    /// <summary>Images in the batch.</summary>
    public required int Batch { get; init; }

    /// <summary>In and out.</summary>
    public required int Channels { get; init; }

    /// <summary>Of the images, in pixels.</summary>
    public required int Side { get; init; }

    /// <summary>An evaluation by our own kernel.</summary>
    public required Spread Evaluation { get; init; }

    /// <summary>Over that by torch's, round by round.</summary>
    public required Spread EvaluationRatio { get; init; }

    /// <summary>Forward and backward by our own kernel.</summary>
    public required Spread Training { get; init; }

    /// <summary>Over those by torch's, round by round.</summary>
    public required Spread TrainingRatio { get; init; }

    /// <summary>Measures.</summary>
    /// <param name="batch">Images.</param>
    /// <param name="channels">A multiple of 16, at most 128.</param>
    /// <param name="side">At least 3.</param>
    /// <param name="rounds">How often.</param>
    /// <param name="calls">Calls in a round.</param>
    public static ConvolutionTimes Measure(int batch, int channels, int side, Rounds rounds, int calls)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable preferred = WinogradConvolution.Prefer();
        Tensor Images() => randn(batch, side, side, channels).permute(0, 3, 1, 2);
        (Tensor u, Tensor q, Tensor came) = (Images(), Images(), Images());
        Tensor weight = randn(channels, channels, 3, 3) / (3 * Math.Sqrt(channels));
        (Tensor input, Tensor trained) = (u.detach().requires_grad_(), weight.detach().requires_grad_());
        FusedConvolution fused = new();
        TrainedConvolution layer = new();
        void InUse(Func<Tensor> evaluate) => Repeat(calls, () =>
        {
            using IDisposable noGraph = no_grad();
            evaluate().Dispose();
        });
        void InTraining(Func<Tensor> convolve) => Repeat(calls, () =>
        {
            using DisposeScope step = NewDisposeScope();
            (input.grad, trained.grad) = (null, null);
            convolve().backward([came]);
        });
        double[][] seconds = rounds.Measure(
            static _ => { },
            _ => InUse(() => fused.TryApply(u, weight, q, Slope)!),
            _ => InUse(() => nn.functional.leaky_relu(nn.functional.conv2d(u, weight, padding: [1, 1]).add_(q), Slope, inplace: true)),
            _ => InTraining(() => layer.Apply(input, trained, null)),
            _ => InTraining(() => nn.functional.conv2d(input, trained, padding: [1, 1])));
        Spread Of(int contender) => Spread.Of(seconds[contender].Select(time => time / calls));
        Spread Ratio(int contender) => Spread.Of(seconds[contender].Zip(seconds[contender + 1], (own, other) => own / other));
        return new ConvolutionTimes
        {
            Batch = batch,
            Channels = channels,
            Side = side,
            Evaluation = Of(0),
            EvaluationRatio = Ratio(0),
            Training = Of(2),
            TrainingRatio = Ratio(2),
        };
    }

    /// <summary>One row for each shape.</summary>
    public static ReportTable Table(IReadOnlyList<ConvolutionTimes> results) => new(
        ["Images", "Evaluation (ms)", "Over torch's", "Forward and backward (ms)", "Over torch's"],
        [.. results.Select(result => (IReadOnlyList<string>)
        [
            result.Images(), Milliseconds(result.Evaluation), Text(result.EvaluationRatio), Milliseconds(result.Training),
            Text(result.TrainingRatio),
        ])]);

    /// <summary>All of it in one line.</summary>
    public override string ToString() =>
        $"convolution of {Images()}: evaluation {Milliseconds(Evaluation)} ms, {Text(EvaluationRatio)} of torch's; "
            + $"forward and backward {Milliseconds(Training)} ms, {Text(TrainingRatio)} of torch's";

    private static void Repeat(int count, Action action)
    {
        for (int i = 0; i < count; i++)
        {
            action();
        }
    }

    private static string Milliseconds(Spread seconds) => (1000 * seconds.Median).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Text(Spread ratio) =>
        string.Create(CultureInfo.InvariantCulture, $"{ratio.Median:0.00} ({ratio.Least:0.00} to {ratio.Largest:0.00})");

    private string Images() => $"{Batch} of {Channels} x {Side} x {Side}";
}
