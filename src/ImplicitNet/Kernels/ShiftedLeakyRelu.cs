using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>
/// <c>x &lt;- LeakyReLU(x + shift)</c> in one managed pass instead of two native ones, with the same result bit by bit: what a solve does
/// between two convolutions.
/// </summary>
internal static class ShiftedLeakyRelu
{
    // Numbers that a thread takes at a time: some microseconds.
    private const int Portion = 1 << 14;

    /// <summary>Overwrites x where there is no graph and both lie alike in memory, as float32 on the processor.</summary>
    /// <returns>False, and nothing done, where that is not so.</returns>
    public static bool TryInPlace(Tensor x, Tensor shift, double slope)
    {
        if (is_grad_enabled() || x.device_type != TorchSharp.DeviceType.CPU || x.dtype != ScalarType.Float32 || shift.dtype != x.dtype
            || shift.device_type != x.device_type || x.ndim < 2 || x.numel() is 0 or > int.MaxValue / sizeof(float)
            || !x.shape.AsSpan().SequenceEqual(shift.shape) || !x.stride().AsSpan().SequenceEqual(shift.stride()))
        {
            return false;
        }

        // In the order of memory, outermost first: contiguous where the tensors are dense.
        long[] order = MemoryOrder.Of(x.stride());
        using Tensor inOrder = x.permute(order);
        using Tensor shiftInOrder = shift.permute(order);
        if (!inOrder.is_contiguous())
        {
            return false;
        }

        TensorMemory<float> values = new(inOrder), shifts = new(shiftInOrder);
        ThreadTeam.Run((values.Length + Portion - 1) / Portion, 2L * values.Length, portion =>
        {
            (int first, int count) = (portion * Portion, Math.Min(Portion, values.Length - (portion * Portion)));
            Apply(values.Slice(first, count), shifts.Slice(first, count), (float)slope);
        });
        return true;
    }

    private static void Apply(Span<float> values, ReadOnlySpan<float> shifts, float slope)
    {
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        ReadOnlySpan<Vector<float>> shiftVectors = MemoryMarshal.Cast<float, Vector<float>>(shifts);
        Vector<float> slopes = new(slope);
        for (int place = 0; place < vectors.Length && place < shiftVectors.Length; place++)
        {
            Vector<float> sum = vectors[place] + shiftVectors[place];
            vectors[place] = Vector.ConditionalSelect(Vector.GreaterThan(sum, Vector<float>.Zero), sum, sum * slopes);
        }

        for (int rest = vectors.Length * Vector<float>.Count; rest < values.Length; rest++)
        {
            float sum = values[rest] + shifts[rest];
            values[rest] = sum > 0 ? sum : sum * slope;
        }
    }
}
