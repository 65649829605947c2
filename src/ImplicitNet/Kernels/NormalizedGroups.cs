using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>
/// <c>x &lt;- act(norm(x + shift) + residual)</c> in place, norm the group normalisation of Wu and He (ECCV 2018), of images with
/// channels last in memory: what torch does in several passes over a batch, done for one sample after the other while it lies in the
/// cache.
/// </summary>
/// <remarks>
/// Sums are added up in the dtype over some pixels and in float64 over all of them; variances from the differences to the mean, which lose
/// nothing to a mean that is large. A sample's values are bit by bit its own, whatever the batch.
/// </remarks>
internal static class NormalizedGroups
{
    // Pixels that are read again before they leave the first cache.
    private const int Block = 64;

    /// <summary>Overwrites x where there is no graph and all lie in plain memory, as float32 or float64 on the processor.</summary>
    /// <param name="x">[batch, channels, height, width], channels last in memory.</param>
    /// <param name="norm">Groups, weight, bias and epsilon.</param>
    /// <param name="shift">Like x, or null for none.</param>
    /// <param name="residual">Like x, or null for none.</param>
    /// <param name="isRectified">Whether act is ReLU, or nothing.</param>
    /// <returns>False, and nothing done, where that is not so.</returns>
    public static bool TryInPlace(Tensor x, GroupNorm norm, Tensor? shift = null, Tensor? residual = null, bool isRectified = false)
    {
        if (is_grad_enabled() || x.dtype is not (ScalarType.Float32 or ScalarType.Float64) || norm.Weight.dtype != x.dtype)
        {
            return false;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor rows = Rows(x);
        Tensor? shifts = shift is null ? null : Rows(shift);
        Tensor? residuals = residual is null ? null : Rows(residual);
        if (!((Tensor?[])[rows, shifts, residuals, norm.Weight, norm.Bias]).All(each => each is null || TensorMemory.Holds(each))
            || !IsLike(shift, x) || !IsLike(residual, x))
        {
            return false;
        }

        if (x.dtype == ScalarType.Float32)
        {
            Run<float>(rows, norm, shifts, residuals, isRectified);
        }
        else
        {
            Run<double>(rows, norm, shifts, residuals, isRectified);
        }

        return true;
    }

    private static Tensor Rows(Tensor images) => images.ndim == 4 ? images.permute(0, 2, 3, 1) : images.alias();

    private static bool IsLike(Tensor? other, Tensor x) =>
        other is null || (other.dtype == x.dtype && other.shape.AsSpan().SequenceEqual(x.shape));

    private static void Run<T>(Tensor rows, GroupNorm norm, Tensor? shift, Tensor? residual, bool isRectified)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        (int batch, int channels) = ((int)rows.shape[0], (int)rows.shape[^1]);
        TensorMemory<T> values = new(rows), weights = new(norm.Weight), biases = new(norm.Bias);
        TensorMemory<T> shifts = new(shift ?? rows), residuals = new(residual ?? rows);
        int size = values.Length / batch;
        (bool hasShift, bool hasResidual) = (shift is not null, residual is not null);
        ThreadTeam.Run(batch, 2L * values.Length, sample =>
        {
            Span<T> x = values.Slice(sample * size, size);
            if (hasShift)
            {
                Add(x, shifts.Slice(sample * size, size));
            }

            T[] memory = ArrayPool<T>.Shared.Rent(2 * channels);
            Span<T> means = memory.AsSpan(0, channels), scales = memory.AsSpan(channels, channels);
            Measure(x, means, scales, weights.Slice(0, channels), norm);
            ReadOnlySpan<T> biasesOfAll = biases.Slice(0, channels), rest = hasResidual ? residuals.Slice(sample * size, size) : default;
            switch (hasResidual, isRectified)
            {
                case (true, true): Apply<T, Yes, Yes>(x, means, scales, biasesOfAll, rest); break;
                case (true, false): Apply<T, Yes, No>(x, means, scales, biasesOfAll, rest); break;
                case (false, true): Apply<T, No, Yes>(x, means, scales, biasesOfAll, rest); break;
                default: Apply<T, No, No>(x, means, scales, biasesOfAll, rest); break;
            }

            ArrayPool<T>.Shared.Return(memory);
        });
    }

    private static void Add<T>(Span<T> x, ReadOnlySpan<T> shift)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(x);
        ReadOnlySpan<Vector<T>> others = MemoryMarshal.Cast<T, Vector<T>>(shift);
        for (int place = 0; place < vectors.Length && place < others.Length; place++)
        {
            vectors[place] += others[place];
        }

        for (int rest = vectors.Length * Vector<T>.Count; rest < x.Length; rest++)
        {
            x[rest] += shift[rest];
        }
    }

    /// <summary>The mean of every channel's group, and its weight over the group's deviation.</summary>
    private static void Measure<T>(Span<T> x, Span<T> means, Span<T> scales, ReadOnlySpan<T> weights, GroupNorm norm)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int channels = means.Length, each = channels / norm.Groups;
        double count = (double)x.Length / norm.Groups;
        double[] memory = ArrayPool<double>.Shared.Rent(channels);
        Span<double> sums = memory.AsSpan(0, channels);
        sums.Clear();
        means.Clear();
        AddUp<T, No>(x, means, sums);
        for (int first = 0; first < channels; first += each)
        {
            means.Slice(first, each).Fill(T.CreateTruncating(Sum(sums.Slice(first, each)) / count));
        }

        sums.Clear();
        AddUp<T, Yes>(x, means, sums);
        for (int first = 0; first < channels; first += each)
        {
            double inverse = 1 / Math.Sqrt((Sum(sums.Slice(first, each)) / count) + norm.Epsilon);
            for (int channel = first; channel < first + each; channel++)
            {
                scales[channel] = T.CreateTruncating(double.CreateTruncating(weights[channel]) * inverse);
            }
        }

        ArrayPool<double>.Shared.Return(memory);
    }

    private static double Sum(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum;
    }

    /// <summary>Adds x, or <c>(x - mean)^2</c>, of every pixel to the sum of its channel.</summary>
    private static void AddUp<T, TSquared>(ReadOnlySpan<T> x, ReadOnlySpan<T> means, Span<double> sums)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TSquared : struct, IChoice
    {
        int channels = means.Length, pixels = x.Length / channels;
        T[] memory = ArrayPool<T>.Shared.Rent(channels);
        ref T partial = ref MemoryMarshal.GetArrayDataReference(memory);
        for (int from = 0; from < pixels; from += Block)
        {
            int count = Math.Min(Block, pixels - from), channel = 0;
            ReadOnlySpan<T> block = x.Slice(from * channels, count * channels);
            for (; channel + Vector<T>.Count <= channels; channel += Vector<T>.Count)
            {
                Vector<T> mean = Vector.LoadUnsafe(in means[channel]), even = default, odd = default;
                ref T at = ref Unsafe.AsRef(in block[channel]);
                for (int pair = 0; pair < count / 2; pair++)
                {
                    even += Term<T, TSquared>(Vector.LoadUnsafe(ref at), mean);
                    odd += Term<T, TSquared>(Vector.LoadUnsafe(ref Unsafe.Add(ref at, channels)), mean);
                    at = ref Unsafe.Add(ref at, 2 * channels);
                }

                even += count % 2 == 1 ? Term<T, TSquared>(Vector.LoadUnsafe(ref at), mean) : default;
                (even + odd).StoreUnsafe(ref partial, (nuint)channel);
            }

            for (; channel < channels; channel++)
            {
                T sum = T.Zero;
                for (int place = channel; place < block.Length; place += channels)
                {
                    T term = TSquared.Is ? block[place] - means[channel] : block[place];
                    sum += TSquared.Is ? term * term : term;
                }

                memory[channel] = sum;
            }

            for (channel = 0; channel < channels; channel++)
            {
                sums[channel] += double.CreateTruncating(memory[channel]);
            }
        }

        ArrayPool<T>.Shared.Return(memory);
    }

    private static Vector<T> Term<T, TSquared>(Vector<T> x, Vector<T> mean)
        where TSquared : struct, IChoice => TSquared.Is ? (x - mean) * (x - mean) : x;

    private static void Apply<T, TResidual, TRectified>(
        Span<T> x, ReadOnlySpan<T> means, ReadOnlySpan<T> scales, ReadOnlySpan<T> biases, ReadOnlySpan<T> residual)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TResidual : struct, IChoice
        where TRectified : struct, IChoice
    {
        int channels = means.Length, pixels = x.Length / channels;
        for (int from = 0; from < pixels; from += Block)
        {
            int count = Math.Min(Block, pixels - from), channel = 0;
            Span<T> block = x.Slice(from * channels, count * channels);
            ReadOnlySpan<T> others = TResidual.Is ? residual.Slice(from * channels, count * channels) : block;
            for (; channel + Vector<T>.Count <= channels; channel += Vector<T>.Count)
            {
                Vector<T> mean = Vector.LoadUnsafe(in means[channel]), scale = Vector.LoadUnsafe(in scales[channel]);
                Vector<T> bias = Vector.LoadUnsafe(in biases[channel]);
                ref T at = ref block[channel], other = ref Unsafe.AsRef(in others[channel]);
                for (int pixel = 0; pixel < count; pixel++)
                {
                    Vector<T> value = ((Vector.LoadUnsafe(ref at) - mean) * scale) + bias;
                    value = TResidual.Is ? value + Vector.LoadUnsafe(ref other) : value;
                    value = TRectified.Is
                        ? Vector.ConditionalSelect(Vector.LessThan(value, Vector<T>.Zero), Vector<T>.Zero, value)
                        : value;
                    value.StoreUnsafe(ref at);
                    at = ref Unsafe.Add(ref at, channels);
                    other = ref Unsafe.Add(ref other, channels);
                }
            }

            for (; channel < channels; channel++)
            {
                for (int place = channel; place < block.Length; place += channels)
                {
                    T value = ((block[place] - means[channel]) * scales[channel]) + biases[channel];
                    value = TResidual.Is ? value + others[place] : value;
                    block[place] = TRectified.Is && value < T.Zero ? T.Zero : value;
                }
            }
        }
    }

    /// <summary>A choice made when the code is compiled: the loops have no branches for it.</summary>
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

    /// <summary>What a group normalisation is.</summary>
    /// <param name="Groups">Of as many channels each.</param>
    /// <param name="Weight">[channels].</param>
    /// <param name="Bias">[channels].</param>
    /// <param name="Epsilon">Added to the variance.</param>
    internal readonly record struct GroupNorm(int Groups, Tensor Weight, Tensor Bias, double Epsilon);
}
