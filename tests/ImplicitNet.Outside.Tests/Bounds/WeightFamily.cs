namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>Weights that bounds are tried on: a new kind is one line.</summary>
internal static class WeightFamily
{
    /// <summary>A kind's name, and how its elements are drawn: the source, rows, columns (inputs times pixels of the kernel).</summary>
    public static readonly IReadOnlyList<(string Name, Func<Random, int, int, double[]> Draw)> All =
    [
        ("normal", (random, rows, columns) => random.Numbers(rows * columns, random.Normal)),
        ("uniform", (random, rows, columns) => random.Numbers(rows * columns, () => random.Between(-1, 1))),
        ("positive", (random, rows, columns) => random.Numbers(rows * columns, random.NextDouble)),
        ("ones", (_, rows, columns) => [.. Enumerable.Repeat(1.0, rows * columns)]),
        ("zero", (_, rows, columns) => new double[rows * columns]),
        ("one-hot", (random, rows, columns) => Hot(random, rows * columns, 1)),
        ("two-hot", (random, rows, columns) => Hot(random, rows * columns, 2)),
        ("rank 1", (random, rows, columns) => Products(random, rows, columns)),
        ("nearly rank 1", (random, rows, columns) => [.. Products(random, rows, columns).Select(one => one + (1e-6 * random.Normal()))]),
        ("identity", (_, rows, columns) => Identity(rows, columns)),
        ("nearly orthogonal", (random, rows, columns) => Orthogonal(random, rows, columns, 1e-5)),
        ("orthogonal", (random, rows, columns) => Orthogonal(random, rows, columns, 0)),
        ("chessboard", (_, rows, columns) => [.. Enumerable.Range(0, rows * columns).Select(place => place % 2 == 0 ? 1.0 : -1.0)]),
        ("difference",
            (_, rows, columns) =>
                [.. Enumerable.Range(0, rows * columns).Select(place => place % columns == columns - 1 ? -1.0 : place % columns == 0 ? 1.0 : 0)]),
        ("wide spread",
            (random, rows, columns) => random.Numbers(rows * columns, () => random.Normal() * Math.Pow(10, random.Between(-12, 0)))),
        ("huge", (random, rows, columns) => random.Numbers(rows * columns, () => random.Normal() * 1e30)),
        ("huge one", (random, rows, columns) => [.. Hot(random, rows * columns, 1).Select(one => (one * 1e19) + random.Normal())]),
        ("large", (random, rows, columns) => random.Numbers(rows * columns, () => random.Normal() * 1e4)),
        ("small", (random, rows, columns) => random.Numbers(rows * columns, () => random.Normal() * 1e-4)),
        ("tiny", (random, rows, columns) => random.Numbers(rows * columns, () => random.Normal() * 1e-30)),
        ("below normal", (random, rows, columns) => random.Numbers(rows * columns, () => random.Normal() * 1e-41)),
        ("any scale", (random, rows, columns) => Scaled(random, random.Numbers(rows * columns, random.Normal))),
        ("not finite",
            (random, rows, columns) =>
                [.. Hot(random, rows * columns, 1).Select(one => one == 0 ? 1 : random.Pick([double.NaN, double.PositiveInfinity]))]),
    ];

    private static double[] Hot(Random random, int count, int times)
    {
        double[] numbers = new double[count];
        for (int time = 0; time < times; time++)
        {
            numbers[random.Next(count)] = random.OneIn(2) ? 1 : -1;
        }

        return numbers;
    }

    private static double[] Scaled(Random random, double[] numbers)
    {
        double scale = Math.Pow(10, random.Between(-40, 37));
        return [.. numbers.Select(one => one * scale)];
    }

    private static double[] Products(Random random, int rows, int columns)
    {
        double[] left = random.Numbers(rows, random.Normal), right = random.Numbers(columns, random.Normal);
        return [.. left.SelectMany(one => right.Select(other => one * other))];
    }

    private static double[] Identity(int rows, int columns)
    {
        // Kernels of one channel to itself sit in the middle; for a matrix this is the diagonal.
        double[] numbers = new double[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            int pixels = Math.Max(1, columns / rows);
            numbers[(row * columns) + Math.Min(columns - 1, (row * pixels) + (pixels / 2))] = 1;
        }

        return numbers;
    }

    /// <summary>Rows made orthonormal one after the other (Gram and Schmidt), as far as there is room, and then disturbed.</summary>
    private static double[] Orthogonal(Random random, int rows, int columns, double disturbance)
    {
        List<double[]> basis = [];
        for (int row = 0; row < rows; row++)
        {
            double[] vector = random.Numbers(columns, random.Normal);
            foreach (double[] other in basis.Take(row < columns ? row : 0))
            {
                double product = vector.Zip(other, (one, two) => one * two).Sum();
                vector = [.. vector.Zip(other, (one, two) => one - (product * two))];
            }

            double norm = Math.Sqrt(vector.Sum(one => one * one));
            basis.Add([.. vector.Select(one => (one / norm) + (disturbance * random.Normal()))]);
        }

        return [.. basis.SelectMany(vector => vector)];
    }
}
