using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Measurements;

/// <summary>A matrix of few numbers, none below 0, in plain memory: for each its row, its column and its value.</summary>
internal sealed class SparseMatrix(long rows, long columns, long[] rowOf, long[] columnOf, double[] values)
{
    // Keeps what the power iteration makes small from a division by zero; columns of zeros stay there.
    private const double Tiny = 1e-12;

    // The bound falls from step to step: by less than this it is as good as the norm.
    private const double Settled = 1e-7;

    /// <summary>The transpose, of the same numbers.</summary>
    public SparseMatrix Transposed() => new(columns, rows, columnOf, rowOf, values);

    /// <summary>[rows, columns], sparse. The caller owns it.</summary>
    public Tensor ToTensor(ScalarType dtype, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor indices = stack([tensor(rowOf), tensor(columnOf)]);
        Tensor matrix = sparse_coo_tensor(indices, tensor(values).to(dtype), [rows, columns]);
        return matrix.to(device).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// An upper bound of the largest singular value: with <c>M = A^T A</c>, which has no number below 0, and any x above 0 it is at most
    /// the root of the largest <c>(M x)_i / x_i</c> (Collatz 1942); x comes from a power iteration.
    /// </summary>
    public double NormBound(int steps)
    {
        double[] vector = new double[columns];
        Array.Fill(vector, 1.0);
        double bound = double.PositiveInfinity;
        for (int step = 0; step < steps; step++)
        {
            double[] next = Product(vector);
            double most = 0, largest = 0;
            for (int place = 0; place < vector.Length; place++)
            {
                most = Math.Max(most, next[place] / vector[place]);
                largest = Math.Max(largest, next[place]);
            }

            if (largest == 0)
            {
                return 0;
            }

            if (most > bound * (1 - Settled))
            {
                break;
            }

            bound = most;

            vector = [.. next.Select(value => Math.Max(value / largest, Tiny))];
        }

        // Covers the rounding of the sums.
        return Math.Sqrt(bound) * (1 + 1e-10);
    }

    /// <summary>A^T A x.</summary>
    private double[] Product(double[] vector)
    {
        double[] sums = new double[rows], product = new double[columns];
        for (int place = 0; place < values.Length; place++)
        {
            sums[rowOf[place]] += values[place] * vector[columnOf[place]];
        }

        for (int place = 0; place < values.Length; place++)
        {
            product[columnOf[place]] += values[place] * sums[rowOf[place]];
        }

        return product;
    }
}
