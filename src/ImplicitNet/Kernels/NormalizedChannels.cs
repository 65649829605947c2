using System.Numerics;
using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>
/// The passes of a batch normalisation over numbers [batch, channels, ...], channels first or last in memory: sums of every channel, and a
/// line for every channel.
/// </summary>
/// <remarks>
/// float32 in the processor's memory is one managed pass each, added up in float64 in an order that no number of threads changes; all else
/// is torch's, in float64.
/// </remarks>
internal static class NormalizedChannels
{
    // Rows whose next channels are read before they leave the first cache.
    private const int Block = 64;

    // Numbers that a thread takes at a time: some microseconds.
    private const int Portion = 1 << 14;

    /// <summary>Whether the passes over a tensor are managed ones.</summary>
    public static bool Holds(Tensor x) =>
        x.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && !x.is_sparse && x.numel() > 0
        && TensorMemory.Holds(x.numel(), x.dtype);

    /// <summary>Of every channel the sum of t and then that of <c>t (x - mean)</c>, t being x - mean, or a gradient.</summary>
    /// <param name="x">[batch, channels, ...].</param>
    /// <param name="gradient">Like x; null: x - mean.</param>
    /// <param name="means">One a channel.</param>
    /// <returns>Two a channel, all of the first kind in front.</returns>
    public static double[] Sums(Tensor x, Tensor? gradient, double[] means)
    {
        using DisposeScope scope = NewDisposeScope();
        if (!Holds(x))
        {
            Tensor away = Rows(x) - tensor(means, ScalarType.Float64, x.device).unsqueeze(1);
            Tensor term = gradient is null ? away : Rows(gradient);
            return [.. cat([term.sum(1), (term * away).sum(1)]).cpu().data<double>()];
        }

        Layout layout = Layout.Of(x);
        Tensor values = layout.InOrder(x);
        return gradient is null
            ? Sums<No>(new(values), new(values), layout, means)
            : Sums<Yes>(new(values), new(layout.InOrder(gradient)), layout, means);
    }

    /// <summary><c>factor (x - mean) + constant</c>, and <c>weight gradient</c> where there is one.</summary>
    /// <param name="x">[batch, channels, ...].</param>
    /// <param name="gradient">Like x, or null for none.</param>
    /// <param name="lines">Those of the channels.</param>
    /// <returns>Like x. In the caller's dispose scope.</returns>
    public static Tensor Line(Tensor x, Tensor? gradient, Lines lines)
    {
        using DisposeScope scope = NewDisposeScope();
        if (!Holds(x))
        {
            long[] shape = [1, -1, .. Enumerable.Repeat(1L, (int)x.ndim - 2)];
            Tensor Each(double[] numbers) => tensor(numbers, ScalarType.Float64, x.device).reshape(shape);
            Tensor line = ((x.to(ScalarType.Float64) - Each(lines.Means)) * Each(lines.Factors)) + Each(lines.Constants);
            line = gradient is null ? line : line + (gradient.to(ScalarType.Float64) * Each(lines.Weights));
            return line.to(x.dtype).MoveToOuterDisposeScope();
        }

        // No view of another tensor: a graph refuses to have those changed in place behind a node of ours.
        Layout layout = Layout.Of(x);
        Tensor output = layout.Fits(x) ? empty_like(x) : empty(x.shape, x.dtype, x.device);
        Tensor values = layout.InOrder(x);
        TensorMemory<float> written = new(layout.InOrder(output));
        if (gradient is null)
        {
            Line<No>(new(values), new(values), written, layout, new(lines));
        }
        else
        {
            Line<Yes>(new(values), new(layout.InOrder(gradient)), written, layout, new(lines));
        }

        return output.MoveToOuterDisposeScope();
    }

    /// <summary>[channels, numbers], float64.</summary>
    private static Tensor Rows(Tensor x) => x.transpose(0, 1).flatten(1).to(ScalarType.Float64);

    private static double[] Sums<TGradient>(TensorMemory<float> x, TensorMemory<float> gradient, Layout layout, double[] means)
        where TGradient : struct, IChoice
    {
        int each = 2 * layout.Channels, size = layout.PortionSize, portions = (x.Length + size - 1) / size;
        double[] parts = new double[portions * each];
        ThreadTeam.Run(portions, (TGradient.Is ? 2L : 1L) * x.Length, portion =>
        {
            (int first, int count) = (portion * size, Math.Min(size, x.Length - (portion * size)));
            Span<double> sums = parts.AsSpan(portion * each, each);
            if (layout.Inner == 1)
            {
                SumRows<TGradient>(x.Slice(first, count), gradient.Slice(first, count), means, sums);
            }
            else
            {
                SumPlanes<TGradient>(x.Slice(first, count), gradient.Slice(first, count), layout.Inner, means, sums);
            }
        });
        double[] all = parts[..each];
        for (int place = each; place < parts.Length; place++)
        {
            all[place % each] += parts[place];
        }

        return all;
    }

    private static void SumRows<TGradient>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gradient, ReadOnlySpan<double> means, Span<double> sums)
        where TGradient : struct, IChoice
    {
        int channels = means.Length, rows = x.Length / channels;
        for (int from = 0; from < rows; from += Block)
        {
            int count = Math.Min(Block, rows - from), channel = 0;
            for (; channel + Vector<float>.Count <= channels; channel += Vector<float>.Count)
            {
                int place = (from * channels) + channel, high = channel + Vector<double>.Count;
                (Vector<double> lowMean, Vector<double> highMean) =
                    (Vector.LoadUnsafe(in means[channel]), Vector.LoadUnsafe(in means[high]));
                Totals totals = Add<TGradient>(in x[place], in gradient[place], channels, count, lowMean, highMean);
                (Vector.LoadUnsafe(in sums[channel]) + totals.Low).StoreUnsafe(ref sums[channel]);
                (Vector.LoadUnsafe(in sums[high]) + totals.High).StoreUnsafe(ref sums[high]);
                (Vector.LoadUnsafe(in sums[channels + channel]) + totals.LowProduct).StoreUnsafe(ref sums[channels + channel]);
                (Vector.LoadUnsafe(in sums[channels + high]) + totals.HighProduct).StoreUnsafe(ref sums[channels + high]);
            }

            for (; channel < channels; channel++)
            {
                for (int row = from; row < from + count; row++)
                {
                    int place = (row * channels) + channel;
                    Add<TGradient>(x[place], gradient[place], means[channel], ref sums[channel], ref sums[channels + channel]);
                }
            }
        }
    }

    private static void SumPlanes<TGradient>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gradient, int inner, ReadOnlySpan<double> means, Span<double> sums)
        where TGradient : struct, IChoice
    {
        int channels = means.Length, vectors = inner / Vector<float>.Count;
        for (int plane = 0; plane < x.Length / inner; plane++)
        {
            int channel = plane % channels, first = plane * inner;
            Vector<double> mean = new(means[channel]);
            Totals totals = Add<TGradient>(in x[first], in gradient[first], Vector<float>.Count, vectors, mean, mean);
            sums[channel] += Vector.Sum(totals.Low + totals.High);
            sums[channels + channel] += Vector.Sum(totals.LowProduct + totals.HighProduct);
            for (int place = first + (vectors * Vector<float>.Count); place < first + inner; place++)
            {
                Add<TGradient>(x[place], gradient[place], means[channel], ref sums[channel], ref sums[channels + channel]);
            }
        }
    }

    private static Totals Add<TGradient>(
        in float x, in float gradient, int stride, int count, Vector<double> lowMean, Vector<double> highMean)
        where TGradient : struct, IChoice
    {
        ref float at = ref Unsafe.AsRef(in x), other = ref Unsafe.AsRef(in gradient);
        Totals totals = default;
        for (int step = 0; step < count; step++)
        {
            Vector.Widen(Vector.LoadUnsafe(ref at), out Vector<double> low, out Vector<double> high);
            (low, high) = (low - lowMean, high - highMean);
            (Vector<double> lowTerm, Vector<double> highTerm) = (low, high);
            if (TGradient.Is)
            {
                Vector.Widen(Vector.LoadUnsafe(ref other), out lowTerm, out highTerm);
                other = ref Unsafe.Add(ref other, stride);
            }

            totals.Low += lowTerm;
            totals.High += highTerm;
            totals.LowProduct = Vector.MultiplyAddEstimate(lowTerm, low, totals.LowProduct);
            totals.HighProduct = Vector.MultiplyAddEstimate(highTerm, high, totals.HighProduct);
            at = ref Unsafe.Add(ref at, stride);
        }

        return totals;
    }

    private static void Add<TGradient>(float x, float gradient, double mean, ref double sum, ref double product)
        where TGradient : struct, IChoice
    {
        double away = x - mean, term = TGradient.Is ? gradient : away;
        sum += term;
        product += term * away;
    }

    private static void Line<TGradient>(
        TensorMemory<float> x, TensorMemory<float> gradient, TensorMemory<float> output, Layout layout, SingleLines lines)
        where TGradient : struct, IChoice
    {
        int size = layout.PortionSize;
        ThreadTeam.Run((x.Length + size - 1) / size, (TGradient.Is ? 3L : 2L) * x.Length, portion =>
        {
            (int first, int count) = (portion * size, Math.Min(size, x.Length - (portion * size)));
            ReadOnlySpan<float> values = x.Slice(first, count), others = gradient.Slice(first, count);
            if (layout.Inner == 1)
            {
                LineRows<TGradient>(values, others, output.Slice(first, count), lines);
            }
            else
            {
                LinePlanes<TGradient>(values, others, output.Slice(first, count), layout.Inner, lines);
            }
        });
    }

    private static void LineRows<TGradient>(ReadOnlySpan<float> x, ReadOnlySpan<float> gradient, Span<float> output, SingleLines lines)
        where TGradient : struct, IChoice
    {
        int channels = lines.Means.Length, rows = x.Length / channels;
        for (int from = 0; from < rows; from += Block)
        {
            int count = Math.Min(Block, rows - from), channel = 0;
            for (; channel + Vector<float>.Count <= channels; channel += Vector<float>.Count)
            {
                int place = (from * channels) + channel;
                Write<TGradient>(in x[place], in gradient[place], ref output[place], channels, count, new LineVectors(
                    Vector.LoadUnsafe(ref lines.Means[channel]), Vector.LoadUnsafe(ref lines.Factors[channel]),
                    Vector.LoadUnsafe(ref lines.Constants[channel]), Vector.LoadUnsafe(ref lines.Weights[channel])));
            }

            for (; channel < channels; channel++)
            {
                for (int row = from; row < from + count; row++)
                {
                    int place = (row * channels) + channel;
                    output[place] = lines.At<TGradient>(channel, x[place], gradient[place]);
                }
            }
        }
    }

    private static void LinePlanes<TGradient>(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gradient, Span<float> output, int inner, SingleLines lines)
        where TGradient : struct, IChoice
    {
        int channels = lines.Means.Length, vectors = inner / Vector<float>.Count;
        for (int plane = 0; plane < x.Length / inner; plane++)
        {
            int channel = plane % channels, first = plane * inner;
            Write<TGradient>(in x[first], in gradient[first], ref output[first], Vector<float>.Count, vectors, new LineVectors(
                new(lines.Means[channel]), new(lines.Factors[channel]), new(lines.Constants[channel]), new(lines.Weights[channel])));
            for (int place = first + (vectors * Vector<float>.Count); place < first + inner; place++)
            {
                output[place] = lines.At<TGradient>(channel, x[place], gradient[place]);
            }
        }
    }

    private static void Write<TGradient>(in float x, in float gradient, ref float output, int stride, int count, LineVectors line)
        where TGradient : struct, IChoice
    {
        ref float at = ref Unsafe.AsRef(in x), other = ref Unsafe.AsRef(in gradient);
        for (int step = 0; step < count; step++)
        {
            Vector<float> value = ((Vector.LoadUnsafe(ref at) - line.Mean) * line.Factor) + line.Constant;
            if (TGradient.Is)
            {
                value += Vector.LoadUnsafe(ref other) * line.Weight;
                other = ref Unsafe.Add(ref other, stride);
            }

            value.StoreUnsafe(ref output);
            at = ref Unsafe.Add(ref at, stride);
            output = ref Unsafe.Add(ref output, stride);
        }
    }

    private interface IChoice
    {
        static abstract bool Is { get; }
    }

    private readonly struct Yes : IChoice
    {
        public static bool Is => true;
    }

    private readonly struct No : IChoice
    {
        public static bool Is => false;
    }

    /// <summary>What <see cref="Line"/> computes for every channel.</summary>
    /// <param name="Means">What x is measured from.</param>
    /// <param name="Factors">Of what is left.</param>
    /// <param name="Constants">Added.</param>
    /// <param name="Weights">Of the gradient.</param>
    internal readonly record struct Lines(double[] Means, double[] Factors, double[] Constants, double[] Weights);

    /// <summary>The same in float32; what the means lose to it is in the constants.</summary>
    private sealed class SingleLines(Lines lines)
    {
        public float[] Means { get; } = Array.ConvertAll(lines.Means, static mean => (float)mean);

        public float[] Factors { get; } = Array.ConvertAll(lines.Factors, static factor => (float)factor);

        public float[] Constants { get; } = [.. lines.Constants.Select(
            (constant, channel) => (float)(constant + (lines.Factors[channel] * ((float)lines.Means[channel] - lines.Means[channel]))))];

        public float[] Weights { get; } = Array.ConvertAll(lines.Weights, static weight => (float)weight);

        public float At<TGradient>(int channel, float x, float gradient)
            where TGradient : struct, IChoice
        {
            float value = ((x - Means[channel]) * Factors[channel]) + Constants[channel];
            return TGradient.Is ? value + (gradient * Weights[channel]) : value;
        }
    }

    private readonly record struct LineVectors(Vector<float> Mean, Vector<float> Factor, Vector<float> Constant, Vector<float> Weight);

    private struct Totals
    {
        public Vector<double> Low, High, LowProduct, HighProduct;
    }

    /// <summary>How a batch lies in memory: [outer, channels, inner], inner 1 where channels are last.</summary>
    private readonly record struct Layout(long[] Order, int Channels, int Inner)
    {
        /// <summary>Numbers in a portion: whole samples, or whole rows of channels.</summary>
        public int PortionSize => Channels * Inner * Math.Max(1, Portion / (Channels * Inner));

        public static Layout Of(Tensor x)
        {
            int channels = (int)x.shape[1], dimensions = (int)x.ndim;
            long[] order = [0, .. Enumerable.Range(2, dimensions - 2).Select(dimension => (long)dimension), 1];
            using Tensor last = x.permute(order);
            return channels > 1 && last.is_contiguous()
                ? new(order, channels, 1)
                : new([0, 1, .. order[1..^1]], channels, (int)(x.numel() / x.shape[0] / channels));
        }

        /// <summary>In this order in memory; a view where it lies so already.</summary>
        public Tensor InOrder(Tensor tensor) => tensor.permute(Order).contiguous();

        /// <summary>Whether a tensor lies in this order in memory.</summary>
        public bool Fits(Tensor tensor)
        {
            using Tensor inOrder = tensor.permute(Order);
            return inOrder.is_contiguous();
        }
    }
}
