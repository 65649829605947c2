using System.Numerics;
using ImplicitNet.Kernels;

namespace ImplicitNet.Tests.Solvers;

/// <summary>By vectors of every width: those that this processor lacks, .NET computes by other means.</summary>
public sealed class SecantSumsTests
{
    private static readonly int[] Lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 259, 2592];

    [Fact]
    public void The_sums_of_float32_rows_are_those_of_float64_on_every_processor() => AreThose<float>(value => (float)value);

    [Fact]
    public void The_sums_of_float64_rows_are_those_of_float64_on_every_processor() => AreThose<double>(value => value);

    private delegate void Way<T>(SecantSums<T> sums, Span<double> byFirst, Span<double> bySecond)
        where T : unmanaged, IFloatingPointIeee754<T>;

    private static Way<T>[] Ways<T>()
        where T : unmanaged, IFloatingPointIeee754<T> =>
    [
        (sums, byFirst, bySecond) => sums.AddTo(byFirst, bySecond),
        (sums, byFirst, bySecond) => sums.AddBy512Bits(byFirst, bySecond),
        (sums, byFirst, bySecond) => sums.AddBy256Bits(byFirst, bySecond),
        (sums, byFirst, bySecond) => sums.AddBy128Bits(byFirst, bySecond),
    ];

    private static void AreThose<T>(Func<double, T> rounded)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Random random = new(3);
        T[] Row(int length) => [.. Enumerable.Range(0, length).Select(_ => rounded(random.NextDouble() - 0.5))];
        foreach (int length in Lengths)
        {
            T[][] rows = [.. Enumerable.Range(0, 5).Select(_ => Row(length))];
            foreach (Way<T> way in Ways<T>())
            {
                double[] byFirst = [1, 2, 3], bySecond = [4, 5, 6];
                way(new() { Left1 = rows[0], Left2 = rows[1], Left3 = rows[2], Right1 = rows[3], Right2 = rows[4] }, byFirst, bySecond);
                for (int left = 0; left < 3; left++)
                {
                    IsProduct(1 + left, rows[left], rows[3], byFirst[left]);
                    IsProduct(4 + left, rows[left], rows[4], bySecond[left]);
                }
            }
        }
    }

    /// <summary>In decimal, which holds the products of these numbers to 28 digits.</summary>
    private static void IsProduct<T>(double before, T[] left, T[] right, double sum)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        decimal expected = (decimal)before;
        decimal magnitude = expected;
        foreach ((T a, T b) in left.Zip(right))
        {
            decimal product = Exactly(a) * Exactly(b);
            expected += product;
            magnitude += Math.Abs(product);
        }

        Assert.InRange(Math.Abs(sum - (double)expected), 0, 1e-14 * (double)magnitude);
    }

    /// <summary>A number below 1 in units of 2^-64, since the conversion to decimal itself keeps 15 digits only.</summary>
    private static decimal Exactly<T>(T value)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        double whole = Math.Truncate(Math.ScaleB(double.CreateChecked(value), 40));
        double rest = Math.ScaleB(double.CreateChecked(value), 40) - whole;
        return ((decimal)(long)whole + ((decimal)(long)Math.ScaleB(rest, 40) / (1L << 40))) / (1L << 40);
    }
}
