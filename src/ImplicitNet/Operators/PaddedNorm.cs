using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The norm of a zero-padded convolution A of stride 1 on small images, proven to a part in a thousand: <c>||A|| &lt;= t</c> because
/// <c>t^2 I - A^T A</c> has a Cholesky factor. On a torus, which bounds it otherwise, the norm is 20 % larger on average at 9 x 9.
/// </summary>
/// <remarks>
/// A few Lanczos steps say where the norm lies, from below, and so where to try t; what they miss costs another try. In blocks of image
/// rows A^T A is a band, <c>2 (k / 2)</c> blocks wide, made of products of k matrices: a row of the image onto one of the result.
/// <para>
/// A factorisation in floating point that goes through proves that the matrix is positive definite but for <c>c n u trace</c> (Demmel 1989,
/// Higham 2002, Theorem 10.7; Rump 2006), u the rounding of float64 and c a small number, here 16, which covers that of A^T A as well.
/// </para>
/// </remarks>
internal static class PaddedNorm
{
    // Multiplications of a factorisation and of the products before it: some tenths of a second. Beyond it the bound is that of the torus.
    private const double MostWork = 6e9;

    private const int LanczosSteps = 40;

    // How far above the estimate t is tried, as a share of it; four times as far if that fails.
    private const double FirstShare = 1e-3;

    // Of the bound that is known: below this an operator is as good as none, such as that of a kernel's corner on images of one pixel.
    private const double LeastEstimate = 1e-6;

    // c, and the spacing of float64 at 1.
    private const double RoundingShare = 16 * 2.220446049250313e-16;

    /// <summary>An upper bound of the norm.</summary>
    /// <param name="kernel">[outputs, inputs, height, width], float64, sides odd.</param>
    /// <param name="size">Of images.</param>
    /// <param name="known">A bound that is known: that of a torus.</param>
    /// <returns>At most what is known; that itself where the images are large, or no better one is found.</returns>
    public static double Tightened(Tensor kernel, (int Height, int Width) size, double known)
    {
        if (!(known is > 0 and < double.PositiveInfinity))
        {
            return known;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();

        // The adjoint is a convolution too, and has the same norm: the fewer channels make the smaller matrix, as do the shorter rows.
        Tensor small = kernel.shape[0] < kernel.shape[1] ? kernel.cpu().transpose(0, 1).flip(2, 3) : kernel.cpu();
        bool isTurned = size.Width > size.Height;
        (int rows, int columns) = isTurned ? (size.Width, size.Height) : (size.Height, size.Width);
        small = ((isTurned ? small.transpose(2, 3) : small) / known).contiguous();
        long side = columns * small.shape[1];
        if (Work(small, rows, side) > MostWork)
        {
            return known;
        }

        // In units of the bound that is known: nothing over- or underflows that matters.
        double estimate = Math.Max(Estimate(small, rows, columns), LeastEstimate);
        Tensor[,] products = Products(small, columns);
        double rounding = RoundingShare * rows * side * (rows * side + 1);
        for (double share = FirstShare; estimate * (1 + share) < 1; share *= 4)
        {
            double limit = estimate * (1 + share);
            if (IsPositive(products, rows, limit * limit))
            {
                return Math.Min(1, limit * Math.Sqrt(1 + rounding)) * known;
            }
        }

        return known;
    }

    private static double Work(Tensor kernel, int rows, long side)
    {
        double band = Math.Min(rows, kernel.shape[2]), wide = side / (double)kernel.shape[1] * kernel.shape[0];
        return (rows * band * (band + 1) / 2 * side * side * side) + (kernel.shape[2] * kernel.shape[2] * wide * side * side);
    }

    /// <summary>A lower bound of the norm that is near it: the largest Ritz value of A^T A.</summary>
    private static double Estimate(Tensor kernel, int rows, int columns)
    {
        long[] padding = [kernel.shape[2] / 2, kernel.shape[3] / 2];
        long count = kernel.shape[1] * rows * columns;
        int steps = (int)Math.Min(LanczosSteps, count);
        Tensor basis = zeros(steps, count, ScalarType.Float64);
        double[] matrix = new double[steps * steps];
        Tensor vector = arange(1, count + 1, ScalarType.Float64).mul(1.7).sin() + 1.5;
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            vector = vector / linalg.vector_norm(vector);
            basis[step] = vector;
            Tensor image = vector.reshape(1, kernel.shape[1], rows, columns);
            Tensor mapped = nn.functional.conv2d(image, kernel, padding: padding);
            Tensor next = nn.functional.conv_transpose2d(mapped, kernel, padding: padding).reshape(-1);
            matrix[step * (steps + 1)] = vector.dot(next).ToDouble();

            // Twice, so that the basis stays orthogonal to rounding.
            for (int pass = 0; pass < 2; pass++)
            {
                next = next - basis.T.mv(basis.mv(next));
            }

            double length = linalg.vector_norm(next).ToDouble();
            if (step + 1 == steps || length <= 1e-14)
            {
                break;
            }

            matrix[(step * steps) + step + 1] = matrix[((step + 1) * steps) + step] = length;
            vector = next.MoveToOuterDisposeScope();
        }

        return Math.Sqrt(Math.Max(0, linalg.eigvalsh(tensor(matrix, [steps, steps])).max().ToDouble()));
    }

    /// <summary>
    /// <c>T_d^T T_e</c> for all rows d and e of the kernel, T_d what a row of the image adds to one of the result by row d.
    /// </summary>
    private static Tensor[,] Products(Tensor kernel, int columns)
    {
        (int height, int width) = ((int)kernel.shape[2], (int)kernel.shape[3]);
        Tensor[] parts = new Tensor[height];
        for (int row = 0; row < height; row++)
        {
            Tensor part = zeros([columns, kernel.shape[0], columns, kernel.shape[1]], ScalarType.Float64);
            for (int column = 0; column < width; column++)
            {
                int offset = column - (width / 2);
                if (Math.Abs(offset) < columns)
                {
                    part.diagonal(offset, 0, 2).copy_(kernel[TensorIndex.Colon, TensorIndex.Colon, row, column].unsqueeze(2));
                }
            }

            parts[row] = part.reshape(columns * kernel.shape[0], columns * kernel.shape[1]);
        }

        Tensor[,] products = new Tensor[height, height];
        for (int one = 0; one < height; one++)
        {
            for (int other = 0; other < height; other++)
            {
                products[one, other] = parts[one].T.mm(parts[other]);
            }
        }

        return products;
    }

    /// <summary>Whether <c>square I - A^T A</c> has a Cholesky factor, block by block.</summary>
    private static bool IsPositive(Tensor[,] products, int rows, double square)
    {
        using DisposeScope scope = NewDisposeScope();
        int band = products.GetLength(0) - 1;
        Tensor diagonal = eye(products[0, 0].shape[0], dtype: ScalarType.Float64) * square;
        Tensor?[,] factor = new Tensor?[rows, rows];
        for (int column = 0; column < rows; column++)
        {
            for (int row = column; row < Math.Min(rows, column + band + 1); row++)
            {
                Tensor block = row == column ? diagonal - Gram(products, rows, row, column) : -Gram(products, rows, row, column);
                for (int before = Math.Max(0, row - band); before < column; before++)
                {
                    block = block.sub_(factor[row, before]!.mm(factor[column, before]!.T));
                }

                if (row > column)
                {
                    factor[row, column] = linalg.solve_triangular(factor[column, column]!, block.T, upper: false).T;
                    continue;
                }

                (Tensor root, Tensor info) = linalg.cholesky_ex(block);
                if (info.ToInt32() != 0 || !root.isfinite().all().ToBoolean())
                {
                    return false;
                }

                factor[row, column] = root;
            }
        }

        return true;
    }

    /// <summary>The block of A^T A that image rows y and x have: the sum over the result's rows z that both are added to.</summary>
    private static Tensor Gram(Tensor[,] products, int rows, int y, int x)
    {
        int radius = products.GetLength(0) / 2;
        Tensor sum = zeros_like(products[0, 0]);
        for (int z = Math.Max(0, Math.Max(y, x) - radius); z < Math.Min(rows, Math.Min(y, x) + radius + 1); z++)
        {
            // Row z of the result takes row y of the image by row y - z + radius of the kernel.
            sum = sum.add_(products[y - z + radius, x - z + radius]);
        }

        return sum;
    }
}
