using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary><c>weight (x - mean) / sqrt(variance + epsilon) + bias</c> by the statistics of the batch, forward and backward.</summary>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="shared">Sums over processes.</param>
/// <param name="report">Told of a failure.</param>
internal sealed class BatchNormalizationPass(double epsilon, SharedStatistics shared, GradientReport report) : BackwardPass
{
    // A mean of so many deviations costs the variance six of its sixteen digits.
    private const double LargestMean = 1000;

    private bool _isAffine;

    /// <inheritdoc/>
    public override GradientReport Report => report;

    /// <summary>Numbers of a channel, in all processes.</summary>
    public double Count { get; private set; }

    /// <summary>One a channel.</summary>
    public double[] Means { get; private set; } = [];

    /// <summary>One a channel, of the batch itself: divided by <see cref="Count"/>.</summary>
    public double[] Variances { get; private set; } = [];

    /// <inheritdoc/>
    /// <param name="sources">x: [batch, channels, ...]; and weight and bias where there are any.</param>
    /// <exception cref="ArgumentException">There are not two numbers a channel.</exception>
    public override Tensor Forward(IReadOnlyList<Tensor> sources)
    {
        _isAffine = sources.Count > 1;
        Measure(sources[0]);
        double[] biases = _isAffine ? Numbers(sources[2]) : new double[Means.Length];
        return NormalizedChannels.Line(sources[0], null, new(Means, Factors(sources), biases, new double[Means.Length]));
    }

    /// <inheritdoc/>
    public override Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept)
    {
        if (is_grad_enabled())
        {
            throw new NotSupportedException(
                "Second derivatives through a batch normalisation whose statistics are shared by several processes are not there.");
        }

        IReadOnlyList<Tensor> sources = kept();
        Tensor x = sources[0];
        int channels = Means.Length;
        double[] own = NormalizedChannels.Sums(x, gradient, Means);
        Tensor? back = x.requires_grad ? Back(gradient, sources, shared.SumBackward(own)) : null;
        return _isAffine
            ? [back, Like(x, own[channels..].Select((sum, channel) => sum * Inverse(channel))), Like(x, own[..channels])]
            : [back];
    }

    /// <inheritdoc/>
    public override Tensor?[] Failed(Tensor gradient)
    {
        Tensor Every() => full([Means.Length], double.NaN, dtype: gradient.dtype, device: gradient.device);
        return _isAffine ? [full_like(gradient, double.NaN), Every(), Every()] : [full_like(gradient, double.NaN)];
    }

    /// <summary>What is thrown at a batch whose channels have no variance.</summary>
    public static ArgumentException TooFew(Tensor input) => new(
        $"Batch normalisation in training mode needs at least 2 numbers a channel. Given: {TensorCheck.Shape(input)}.", nameof(input));

    private static double[] Numbers(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        return [.. tensor.detach().to(ScalarType.Float64).cpu().contiguous().data<double>()];
    }

    private static Tensor Like(Tensor x, IEnumerable<double> numbers) => tensor(numbers.ToArray(), dtype: x.dtype, device: x.device);

    private Tensor Back(Tensor gradient, IReadOnlyList<Tensor> sources, double[] sums)
    {
        double[] factors = Factors(sources);
        if (!shared.IsCounted)
        {
            // What is in no statistic moves none.
            double[] none = new double[factors.Length];
            return NormalizedChannels.Line(sources[0], gradient, new(Means, none, none, factors));
        }

        return NormalizedChannels.Line(sources[0], gradient, new(
            Means,
            [.. factors.Select((factor, channel) => -factor * sums[factors.Length + channel] / Count / (Variances[channel] + epsilon))],
            [.. factors.Select((factor, channel) => -factor * sums[channel] / Count)],
            factors));
    }

    private double Inverse(int channel) => 1 / Math.Sqrt(Variances[channel] + epsilon);

    private double[] Factors(IReadOnlyList<Tensor> sources)
    {
        double[]? weights = _isAffine ? Numbers(sources[1]) : null;
        return [.. Enumerable.Range(0, Means.Length).Select(channel => (weights?[channel] ?? 1) * Inverse(channel))];
    }

    private void Measure(Tensor x)
    {
        int channels = (int)x.shape[1];
        double[] origins = new double[channels];
        Measure(x, origins);
        if (Count < 2)
        {
            throw TooFew(x);
        }

        if (Enumerable.Range(0, channels).Any(channel => Math.Abs(Means[channel]) * Inverse(channel) > LargestMean))
        {
            Measure(x, Means);
        }
    }

    private void Measure(Tensor x, double[] origins)
    {
        int channels = origins.Length;
        double[] sums = shared.Sum(shared.IsCounted
            ? [.. NormalizedChannels.Sums(x, null, origins), x.numel() / channels]
            : new double[(2 * channels) + 1]);
        double count = sums[^1];
        double[] shifts = [.. sums[..channels].Select(sum => sum / count)];
        Count = count;
        Means = [.. shifts.Zip(origins, (shift, origin) => origin + shift)];

        // Max of Math hands on what is not a number.
        Variances = [.. shifts.Select((shift, channel) => Math.Max(0, (sums[channels + channel] / count) - (shift * shift)))];
    }
}
