namespace ImplicitNet.Models.Problems;

/// <summary>Second methods for solutions, in plain numbers: none of them knows a tensor or a solver.</summary>
internal static class PlainArithmetic
{
    /// <summary>The solution of a linear system, by elimination with pivots.</summary>
    /// <param name="matrix">The element of a row and a column.</param>
    /// <param name="right">The right side.</param>
    public static double[] Eliminate(Func<int, int, double> matrix, double[] right)
    {
        int n = right.Length;
        double[][] rows =
        [
            .. right.Select((value, row) => (double[])[.. Enumerable.Range(0, n).Select(column => matrix(row, column)), value]),
        ];
        for (int pivot = 0; pivot < n; pivot++)
        {
            int largest = Enumerable.Range(pivot, n - pivot).MaxBy(row => Math.Abs(rows[row][pivot]));
            (rows[pivot], rows[largest]) = (rows[largest], rows[pivot]);
            for (int row = pivot + 1; row < n; row++)
            {
                double factor = rows[row][pivot] / rows[pivot][pivot];
                for (int column = pivot; column <= n; column++)
                {
                    rows[row][column] -= factor * rows[pivot][column];
                }
            }
        }

        double[] x = new double[n];
        for (int row = n - 1; row >= 0; row--)
        {
            double known = Enumerable.Range(row + 1, n - row - 1).Sum(column => rows[row][column] * x[column]);
            x[row] = (rows[row][n] - known) / rows[row][row];
        }

        return x;
    }

    /// <summary>A contraction applied until it moves no element by more than rounding does.</summary>
    public static double[] Iterate(Func<double[], double[]> contraction, double[] start)
    {
        double[] x = start;
        for (int iteration = 0; iteration < 100_000; iteration++)
        {
            double[] last = x;
            x = contraction(last);
            if (x.Zip(last).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-15 * (1 + Math.Abs(pair.First))))
            {
                break;
            }
        }

        return x;
    }

    /// <summary>
    /// <c>-u(i-1) + 2 u(i) - u(i+1) + g(u(i)) = 0</c> between two end values by Newton's method with elimination, from a start.
    /// </summary>
    public static double[] SecondDifferences(
        double left, double right, double[] start, Func<double, double> reaction, Func<double, double> slope)
    {
        double[] u = start;
        int last = u.Length - 1;
        for (int step = 0; step < 50; step++)
        {
            double[] now = u;
            double[] minus =
            [
                .. now.Select((value, i) =>
                    (i == 0 ? left : now[i - 1]) + (i == last ? right : now[i + 1]) - (2 * value) - reaction(value)),
            ];
            double[] moved = Eliminate(
                (row, column) => row == column ? 2 + slope(now[row]) : Math.Abs(row - column) == 1 ? -1 : 0, minus);
            u = [.. now.Zip(moved, (value, by) => value + by)];
        }

        return u;
    }
}
