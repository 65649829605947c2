using System.Numerics;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>
/// Monotone layers with weights at random, scales from 1e-6 to 1e6: I - W as it is stored is at least m, and at least what is certified,
/// and its norm and those of its symmetric and skew parts are at most their bounds. By whole numbers, without rounding: a matrix of doubles is one of integers times a power of two.
/// </summary>
internal static class MonotoneReferee
{
    public const string Name = "monotone";

    // Some ten seconds on one core.
    private const int LayersOfCi = 300;

    /// <summary>Runs it. 0: nothing found.</summary>
    public static int Run(bool isPlanted)
    {
        (int layers, int found) = (0, 0);
        foreach (RefereeCase drawn in RefereeCase.All().Take(RefereeCase.Count(LayersOfCi)))
        {
            layers++;
            if (Objection(drawn.Random, isPlanted) is { } objection)
            {
                found++;
                Console.WriteLine($"CsCheck_Seed={drawn.Seed} CsCheck_Iter=1: {objection}");
            }
        }

        Console.WriteLine($"{layers} monotone layers, {found} violations");
        return found == 0 ? 0 : 1;
    }

    private static string? Objection(Random random, bool isPlanted)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        ScalarType dtype = random.OneIn(2) ? ScalarType.Float32 : ScalarType.Float64;
        double m = Math.Pow(10, (random.NextDouble() * 4) - 3);
        double scale = Math.Pow(10, (random.NextDouble() * 12) - 6);
        double? limit = random.OneIn(3) ? m + Math.Pow(10, (random.NextDouble() * 4) - 2) : null;
        (MonotoneLayer layer, Func<double[,]> matrix) = Layer(random, m, limit, dtype);
        using MonotoneOperator monotone = new(layer);
        foreach (Tensor weight in layer.parameters())
        {
            double own = random.OneIn(4) ? scale * Math.Pow(10, (random.NextDouble() * 12) - 6) : scale;
            double[] values = [.. Enumerable.Range(0, (int)weight.numel()).Select(_ => own * ((2 * random.NextDouble()) - 1))];
            weight.copy_(tensor(values, ScalarType.Float64).reshape(weight.shape));
        }

        double certified = layer.CertifyMonotonicity(), bound = monotone.BoundLipschitz();
        MonotoneNorms norms = layer.BoundNorms(layer.Prepare());
        string name = $"{layer.GetName()} {dtype}, scale {scale:g3}, m {m:g3}, certified {certified:g6}, L {bound:g6}";
        double claimed = isPlanted ? m + (1e-3 * bound) : m;

        // A pyramid is applied in pieces, and its matrix is put together in float64.
        double[,] w = matrix();
        double slack = layer is MonotonePyramid ? 1e-13 * (1 + w.Cast<double>().Sum(Math.Abs)) : 0;
        return !(certified >= m) ? $"{name}: certified below m"
            : !IsAtLeast(w, claimed, slack) ? $"{name}: I - W is not at least {claimed:g3}"
            : !IsAtLeast(w, certified, slack) ? $"{name}: I - W is not at least what is certified"
            : !IsWithin(w, 0, bound + slack) ? $"{name}: the norm of I - W is above the bound"
            : !IsWithin(w, 1, norms.Symmetric + slack) ? $"{name}: the symmetric part is above its bound {norms.Symmetric:g6}"
            : !IsWithin(w, -1, norms.Skew + slack) ? $"{name}: the skew part is above its bound {norms.Skew:g6}"
            : layer is not MonotonePyramid && limit is { } most && !IsWithin(w, 0, most)
                ? $"{name}: the norm of I - W is above its limit {most}"
            : null;
    }

    private static (MonotoneLayer Layer, Func<double[,]> Matrix) Layer(
        Random random, double m, double? limit, ScalarType dtype)
    {
        int side = random.OneIn(3) ? 1 : 3;
        bool isCircular = random.OneIn(2), isWide = isCircular && side == 3;
        (int Height, int Width) size = isWide ? (5, 5) : (random.Next(1, 4), random.Next(1, 4));
        switch (random.Next(3))
        {
            case 0:
                MonotoneLinear linear = new(random.Next(1, 13), m, limit, dtype);
                return (linear, () => Table(linear.Prepare()[0].to(ScalarType.Float64)));
            case 1:
                PaddingModes padding = isCircular ? PaddingModes.Circular : PaddingModes.Zeros;
                MonotoneConvolution convolution = new(isWide ? 1 : random.Next(1, 3), size, side, m, padding, limit, dtype);
                return (convolution, () => Convolved(convolution.Prepare()[0].to(ScalarType.Float64), size, isCircular));
            default:
                (int height, int width, int more) = (random.Next(2, 5), random.Next(2, 5), random.Next(1, 3));
                MonotonePyramid pyramid = new([1, more], (height, width), 3, m, dtype);
                return (pyramid, () =>
                {
                    using MonotonePyramid wide = new([1, more], (height, width), 3, m, ScalarType.Float64);
                    foreach ((Tensor to, Tensor from) in wide.parameters().Zip(pyramid.parameters()))
                    {
                        to.copy_(from);
                    }

                    long n = (height * width) + (more * ((height + 1) / 2) * ((width + 1) / 2));
                    return Table(wide.Product(eye(n, dtype: ScalarType.Float64), wide.Prepare()).T);
                }
                );
        }
    }

    private static double[,] Table(Tensor matrix)
    {
        double[] values = [.. matrix.contiguous().data<double>()];
        double[,] table = new double[matrix.shape[0], matrix.shape[1]];
        Buffer.BlockCopy(values, 0, table, 0, values.Length * sizeof(double));
        return table;
    }

    /// <summary>The matrix of a convolution, place by place.</summary>
    private static double[,] Convolved(Tensor kernel, (int Height, int Width) size, bool isCircular)
    {
        (int channels, int side) = ((int)kernel.shape[0], (int)kernel.shape[2]);
        double[] values = [.. kernel.contiguous().data<double>()];
        int area = size.Height * size.Width, radius = side / 2;
        double[,] table = new double[channels * area, channels * area];
        for (int place = 0; place < values.Length; place++)
        {
            (int outer, int column) = Math.DivRem(place, side);
            (int pair, int row) = Math.DivRem(outer, side);
            (int output, int input) = Math.DivRem(pair, channels);
            for (int pixel = 0; pixel < area; pixel++)
            {
                (int y, int x) = ((pixel / size.Width) + row - radius, (pixel % size.Width) + column - radius);
                if (isCircular)
                {
                    (y, x) = ((y + size.Height) % size.Height, (x + size.Width) % size.Width);
                }

                if (y >= 0 && y < size.Height && x >= 0 && x < size.Width)
                {
                    table[(output * area) + pixel, (input * area) + (y * size.Width) + x] = values[place];
                }
            }
        }

        return table;
    }

    /// <summary>Whether the symmetric part of I - W is at least some multiple of I.</summary>
    private static bool IsAtLeast(double[,] w, double least, double slack)
    {
        int n = w.GetLength(0), exponent = Exponent([.. w.Cast<double>(), 1, least, slack]);
        BigInteger diagonal = 2 * (Whole(1, exponent) - Whole(least, exponent) + Whole(slack, exponent));
        BigInteger[,] whole = new BigInteger[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                whole[i, j] = (i == j ? diagonal : 0) - Whole(w[i, j], exponent) - Whole(w[j, i], exponent);
            }
        }

        return IsPositive(whole);
    }

    /// <summary>
    /// Whether the norm of <c>F = I - W</c>, or with a sign of <c>(F + sign F^T) / 2</c>, is at most a bound: the bound's square times I less
    /// that matrix's product with its transpose has no negative eigenvalue.
    /// </summary>
    private static bool IsWithin(double[,] w, int sign, double bound)
    {
        int n = w.GetLength(0), exponent = Exponent([.. w.Cast<double>(), 1, bound]);
        BigInteger[,] rest = new BigInteger[n, n], whole = new BigInteger[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                BigInteger diagonal = i == j ? Whole(1, exponent) : 0;
                rest[i, j] = diagonal - Whole(w[i, j], exponent) + (sign * (diagonal - Whole(w[j, i], exponent)));
            }
        }

        BigInteger most = (1 + Math.Abs(sign)) * Whole(bound, exponent);
        BigInteger square = most * most;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                whole[i, j] = i == j ? square : 0;
                for (int k = 0; k < n; k++)
                {
                    whole[i, j] -= rest[k, i] * rest[k, j];
                }
            }
        }

        return IsPositive(whole);
    }

    /// <summary>Whether no eigenvalue is negative, but for a share far below a rounding: all leading minors, by Bareiss' elimination.</summary>
    private static bool IsPositive(BigInteger[,] matrix)
    {
        int n = matrix.GetLength(0);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                matrix[i, j] = (matrix[i, j] << 40) + (i == j ? 1 : 0);
            }
        }

        BigInteger before = 1;
        for (int k = 0; k < n; k++)
        {
            if (matrix[k, k].Sign <= 0)
            {
                return false;
            }

            for (int i = k + 1; i < n; i++)
            {
                for (int j = k + 1; j < n; j++)
                {
                    matrix[i, j] = ((matrix[i, j] * matrix[k, k]) - (matrix[i, k] * matrix[k, j])) / before;
                }
            }

            before = matrix[k, k];
        }

        return true;
    }

    /// <summary>The power of two that all of them are whole multiples of.</summary>
    private static int Exponent(IEnumerable<double> values) =>
        values.Where(value => value != 0).Min(value => Math.ILogB(value) - 52);

    private static BigInteger Whole(double value, int exponent)
    {
        if (value == 0)
        {
            return 0;
        }

        int own = Math.ILogB(value) - 52;
        return new BigInteger(Math.ScaleB(value, -own)) << (own - exponent);
    }
}
