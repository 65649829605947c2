using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>Layers that are bounded in a maximum norm. By themselves: <c>bounds well-posed</c>.</summary>
internal static class WellPosedFamily
{
    public const string Name = "well-posed";

    private static readonly WellPosedness[] Conditions = [WellPosedness.RowSums, WellPosedness.RowProjection, WellPosedness.PerronFrobenius];

    /// <inheritdoc cref="OperatorFamily.All"/>
    public static readonly IReadOnlyList<(Func<Random, ClaimedOperator> Draw, bool MayBeRefused)> All =
    [
        .. Conditions.SelectMany(condition => new (Func<Random, ClaimedOperator>, bool)[]
        {
            (random => Sized(OperatorFamily.OfLayer(random, Layer(random, condition, ScalarType.Float32))), false),
            (random => Sized(OperatorFamily.OfLayer(random, Layer(random, condition, ScalarType.Float64))), false),
            (random => Sized(OperatorFamily.OfLayer(random, Layer(random, condition, Half(random)))), true),
            (random => OperatorFamily.OfContraction(random, Layer(random, condition, ScalarType.Float32)), false),
            (random => OperatorFamily.OfContraction(random, Layer(random, condition, ScalarType.Float64)), false),
        }),
        (random => Factored(random, ScalarType.Float32), false),
        (random => Factored(random, ScalarType.Float64), false),
        (random => Factored(random, Half(random)), true),
        (random => Factored(random, ScalarType.Float64, OperatorFamily.OfContraction), false),
    ];

    private static ScalarType Half(Random random) => random.OneIn(2) ? ScalarType.Float16 : ScalarType.BFloat16;

    private static (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix) Layer(
        Random random, WellPosedness condition, ScalarType dtype)
    {
        int size = random.Next(1, random.OneIn(5) ? 65 : 17);
        return (new WellPosedLinear(size, condition, dtype), [1, size], weight => PlainOperator.OfMatrix(weight, size, size));
    }

    private static (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix) LowRank(
        Random random, ScalarType dtype, Action<double, double> takeSizes)
    {
        int size = random.Next(1, random.OneIn(5) ? 65 : 17), rank = random.Next(1, 6);
        return (
            new WellPosedLowRank(size, rank, dtype),
            [1, size],
            factors =>
            {
                double[] product = new double[size * size];
                takeSizes(factors.Take(size * rank).Sum(Math.Abs), factors.Skip(size * rank).Sum(Math.Abs));
                for (int place = 0; place < product.Length; place++)
                {
                    (int row, int column) = Math.DivRem(place, size);
                    for (int k = 0; k < rank; k++)
                    {
                        product[place] += factors[(row * rank) + k] * factors[((size + column) * rank) + k];
                    }
                }

                return PlainOperator.OfMatrix(product, size, size);
            }
        );
    }

    /// <summary>A matrix of norm 1 in a maximum norm may be long in L2.</summary>
    private static ClaimedOperator Sized(ClaimedOperator claimed) => claimed with { Size = Math.Max(1, claimed.Matrix.Length) };

    private static ClaimedOperator Factored(
        Random random,
        ScalarType dtype,
        Func<Random, (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix), ClaimedOperator>? claim = null)
    {
        (double left, double right) = (1, 1);
        ClaimedOperator claimed = (claim ?? OperatorFamily.OfLayer)(random, LowRank(random, dtype, (one, other) => (left, right) = (one, other)));

        // Beyond this a product with one factor leaves the range of the dtype, which no bound of both speaks of.
        double most = dtype is ScalarType.Float32 or ScalarType.Float64 ? 1e15 : 1e3;
        return claimed with
        {
            Size = Math.Max(1, left * right),
            Cancelled = left * right,
            Apply = Math.Max(left, right) < most ? claimed.Apply : null,
        };
    }
}
