using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Statuses;

/// <summary>Maps <c>s act(A u / s + c)</c>, with a matrix of its own for every sample.</summary>
/// <param name="name">What findings call it.</param>
/// <param name="matrix">Draws A, of n x n.</param>
internal sealed class MatrixMap(string name, Func<Random, int, double[,]> matrix) : MapFamily(name)
{
    private static readonly (Func<Tensor, Tensor> Torch, Func<double, double> Plain) Linear = (x => x, x => x);
    private static readonly (Func<Tensor, Tensor> Torch, Func<double, double> Plain) Tanh = (x => x.tanh(), Math.Tanh);
    private static readonly (Func<Tensor, Tensor> Torch, Func<double, double> Plain) Relu = (x => x.relu(), x => Math.Max(x, 0));
    private static readonly (Func<Tensor, Tensor> Torch, Func<double, double> Plain) Leaky =
        (x => where(x > 0, x, x * 0.1), x => x > 0 ? x : x * 0.1);

    /// <summary>Families of matrices, of one line each.</summary>
    public static readonly IReadOnlyList<MapFamily> All =
    [
        new MatrixMap("random", (random, n) => Fill(n, (_, _) => random.Normal() / Math.Sqrt(n))),
        new MatrixMap("random tanh", (random, n) => Fill(n, (_, _) => random.Normal() * 2 / Math.Sqrt(n))) { Activation = Tanh },
        new MatrixMap("random relu", (random, n) => Fill(n, (_, _) => random.Normal() / Math.Sqrt(n))) { Activation = Relu },
        new MatrixMap("random leaky relu", (random, n) => Fill(n, (_, _) => random.Normal() / Math.Sqrt(n))) { Activation = Leaky },
        new MatrixMap("homogeneous", (random, n) => Fill(n, (_, _) => random.Normal() / Math.Sqrt(n))) { Activation = Leaky, Offset = 0 },
        new MatrixMap("small", (random, n) => Fill(n, (_, _) => random.Normal() * 0.3 / n)),
        new MatrixMap("large", (random, n) => Fill(n, (_, _) => random.Normal() * 3)),
        new MatrixMap("non-normal", (random, n) => Jordan(n, random.Between(0.3, 0.95), Math.Pow(10, random.Next(1, 7)))),
        new MatrixMap("non-normal tanh", (random, n) => Jordan(n, 0.5, Math.Pow(10, random.Next(1, 4)))) { Activation = Tanh },
        new MatrixMap("stiff", (random, n) => Diagonal(n, _ => -Math.Pow(10, random.Between(-3, 5)))),
        new MatrixMap("spread", (random, n) => Diagonal(n, place => place == 0 ? 0.999 : random.Between(-0.9, 0.9))),
        new MatrixMap("unstable", (random, n) => Diagonal(n, place => place == 0 ? 1.05 : 0.3)),
        new MatrixMap("front", (_, n) => Fill(n, (row, column) => row == column + 1 ? 1 : 0)),
        new MatrixMap("rotation", (random, n) => Rotation(n, random.Between(0, 3), 1)),
        new MatrixMap("shrinking rotation", (random, n) => Rotation(n, random.Between(0, 3), random.Between(0.9, 0.9999))),
        new MatrixMap("growing rotation", (random, n) => Rotation(n, random.Between(0, 3), 1.1)),
        new MatrixMap("rank 1", (random, n) => OuterProduct(random, n)),
        new MatrixMap("singular", (random, n) => Diagonal(n, place => place == 0 ? 1 : 0.5)),
        new MatrixMap("cycle", (_, n) => Fill(n, (row, column) => row == (column + 1) % n ? 1 : 0)),
        new MatrixMap("zero", (_, n) => Fill(n, (_, _) => 0)),
    ];

    /// <summary>act; default none.</summary>
    public (Func<Tensor, Tensor> Torch, Func<double, double> Plain) Activation { get; init; } = Linear;

    /// <summary>Standard deviation of c.</summary>
    public double Offset { get; init; } = 1;

    public override int InputSize(int size) => (size * size) + size + 1;

    public override (double[] Start, double[] Input) Draw(Random random, int size, double scale)
    {
        double width = random.OneIn(4) ? 0 : random.OneIn(6) ? 1000 : 1;
        double[] start = random.Numbers(size, () => random.Normal() * width * scale);
        return (start, [.. matrix(random, size).Cast<double>(), .. random.Numbers(size, () => random.Normal() * Offset), scale]);
    }

    public override Tensor Torch(Tensor u, Tensor q)
    {
        long size = u.shape[1];
        Tensor scale = q.narrow(1, (size * size) + size, 1);
        Tensor product = q.narrow(1, 0, size * size).reshape(-1, size, size).bmm((u / scale).unsqueeze(2)).squeeze(2);
        return Activation.Torch(product + q.narrow(1, size * size, size)) * scale;
    }

    public override void Plain(ReadOnlySpan<double> u, ReadOnlySpan<double> q, Span<double> value, Span<double> size)
    {
        double scale = q[^1];
        for (int row = 0; row < u.Length; row++)
        {
            double sum = q[(u.Length * u.Length) + row];
            double magnitude = Math.Abs(sum);
            for (int column = 0; column < u.Length; column++)
            {
                double product = q[(row * u.Length) + column] * (u[column] / scale);
                sum += product;
                magnitude += Math.Abs(product);
            }

            value[row] = Activation.Plain(sum) * scale;
            size[row] = Math.Max(magnitude * scale, Math.Abs(u[row]));
        }
    }

    private static double[,] Fill(int size, Func<int, int, double> element)
    {
        double[,] matrix = new double[size, size];
        for (int row = 0; row < size; row++)
        {
            for (int column = 0; column < size; column++)
            {
                matrix[row, column] = element(row, column);
            }
        }

        return matrix;
    }

    private static double[,] Diagonal(int size, Func<int, double> element) => Fill(size, (row, column) => row == column ? element(row) : 0);

    private static double[,] Jordan(int size, double value, double coupling) =>
        Fill(size, (row, column) => row == column ? value : column == row + 1 ? coupling : 0);

    private static double[,] Rotation(int size, double angle, double factor) => Fill(
        size,
        (row, column) => (row / 2) != (column / 2) ? 0
            : row == size - 1 && size % 2 == 1 ? -factor
            : factor * (row == column ? Math.Cos(angle) : row < column ? -Math.Sin(angle) : Math.Sin(angle)));

    private static double[,] OuterProduct(Random random, int size)
    {
        double[] left = random.Numbers(size, random.Normal);
        double[] right = random.Numbers(size, random.Normal);
        return Fill(size, (row, column) => left[row] * right[column] / size);
    }
}
