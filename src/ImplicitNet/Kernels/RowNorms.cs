using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>
/// The L2 norms of rows, whatever their size: no square over- or underflows, a norm is 0 for zeros alone, and that of a row times a power
/// of two is that many times the norm, to the bit.
/// </summary>
internal static class RowNorms
{
    // Numbers that a thread measures before it takes the next: some microseconds.
    private const int Portion = 1 << 13;

    /// <summary>The norm of every row of [count, n]; NaN or infinity where one holds NaN or infinity; 0 for n = 0.</summary>
    public static double[] Of(Tensor rows)
    {
        if (rows.dtype is ScalarType.Float32 or ScalarType.Float64 && TensorMemory.Holds(rows))
        {
            return rows.dtype == ScalarType.Float32
                ? OnProcessor(new TensorMemory<float>(rows), (int)rows.shape[0], RowLength.Of)
                : OnProcessor(new TensorMemory<double>(rows), (int)rows.shape[0], RowLength.Of);
        }

        using DisposeScope scope = NewDisposeScope();
        return [.. ByTorch(rows).cpu().data<double>()];
    }

    /// <summary>The same as a column on the device of the rows: [count, 1], float64. In the caller's dispose scope.</summary>
    public static Tensor Column(Tensor rows) => rows.device_type == DeviceType.CPU
        ? tensor(Of(rows), ScalarType.Float64).unsqueeze(1)
        : ByTorch(rows);

    private delegate double Length<T>(ReadOnlySpan<T> values);

    private static double[] OnProcessor<T>(TensorMemory<T> values, int count, Length<T> length)
        where T : unmanaged
    {
        double[] norms = new double[count];
        int size = values.Length / count;
        int rows = Math.Max(1, Portion / size);
        ThreadTeam.Run((count + rows - 1) / rows, values.Length, portion =>
        {
            for (int row = portion * rows; row < Math.Min(count, (portion + 1) * rows); row++)
            {
                norms[row] = length(values.Slice(row * size, size));
            }
        });
        return norms;
    }

    private static Tensor ByTorch(Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        if (rows.numel() == 0)
        {
            return zeros([rows.shape[0], 1], ScalarType.Float64, rows.device).MoveToOuterDisposeScope();
        }

        // In units of the largest element, in float32 at least: division by it, and the norm then, are the same at every power of two.
        Tensor wide = rows.to(Precision.Of(rows.dtype).Working);
        Tensor largest = wide.abs().amax([1], keepdim: true);
        Tensor scale = where(largest > 0, largest, ones_like(largest));
        return (linalg.vector_norm(wide / scale, 2, [1], keepdim: true).to(ScalarType.Float64) * scale.to(ScalarType.Float64))
            .MoveToOuterDisposeScope();
    }
}
