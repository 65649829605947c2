using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>How far the vector used is from the exact one. Both numbers are dimensionless.</summary>
/// <param name="Cosine">
/// The cosine of the angle between the two, in [-1, 1]: the share of the exact gradient's first-order decrease that a step of the same
/// length along the one used achieves. 1 where both are zero, 0 where only one is, NaN where one is not finite.
/// </param>
/// <param name="RelativeError"><c>||used - exact|| / ||exact||</c>; 0 where both are zero, infinity where the exact one alone is.</param>
public readonly record struct Agreement(double Cosine, double RelativeError)
{
    /// <summary>The least cosine of a good gradient.</summary>
    internal const double GoodCosine = 0.9;

    private const double DoubtfulCosine = 0.5;

    // With a cosine of 0.9 or more: a length between about a quarter and five thirds of the exact one.
    private const double GoodError = 0.75;

    /// <summary><c>||used|| / ||exact||</c>, dimensionless; NaN where it is not known.</summary>
    public double Length { get; private init; } = double.NaN;

    /// <summary>The verdict on these numbers alone.</summary>
    internal Verdict Judged => !(Cosine >= DoubtfulCosine) ? Verdict.Misleading
        : Cosine >= GoodCosine && RelativeError <= GoodError ? Verdict.Good
        : Verdict.Doubtful;

    /// <summary>Equal where both numbers are equal; the length follows from what they were computed from.</summary>
    public bool Equals(Agreement other) => Cosine.Equals(other.Cosine) && RelativeError.Equals(other.RelativeError);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Cosine, RelativeError);

    /// <summary>One line with both.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"cosine {Cosine:0.0000}, relative error {RelativeError:g3}");

    /// <summary>Compares rows [batch, n], row by row, in float64.</summary>
    internal static Agreement[] OfRows(Tensor used, Tensor exact)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor a, Tensor b) = (used.to(ScalarType.Float64), exact.to(ScalarType.Float64));
        double[][] sums = [.. ((Tensor[])[a * b, a.square(), b.square(), (a - b).square()])
            .Select(product => product.sum(1).cpu().data<double>().ToArray())];
        return [.. Enumerable.Range(0, sums[0].Length).Select(row => Of(sums[0][row], sums[1][row], sums[2][row], sums[3][row]))];
    }

    /// <summary>Compares two lists of tensors, each as one vector; null stands for zeros.</summary>
    internal static Agreement OfLists(IReadOnlyList<Tensor?> used, IReadOnlyList<Tensor?> exact)
    {
        using DisposeScope scope = NewDisposeScope();
        double dot = 0, usedSquare = 0, exactSquare = 0, errorSquare = 0;
        foreach ((Tensor? first, Tensor? second) in used.Zip(exact))
        {
            Tensor? a = first?.to(ScalarType.Float64);
            Tensor? b = second?.to(ScalarType.Float64);
            usedSquare += Square(a);
            exactSquare += Square(b);
            errorSquare += a is null || b is null ? Square(a) + Square(b) : Square(a - b);
            dot += a is null || b is null ? 0 : (a * b).sum().ToDouble();
        }

        return Of(dot, usedSquare, exactSquare, errorSquare);
    }

    private static double Square(Tensor? tensor) => tensor is null ? 0 : tensor.square().sum().ToDouble();

    private static Agreement Of(double dot, double usedSquare, double exactSquare, double errorSquare)
    {
        if (usedSquare == 0 || exactSquare == 0)
        {
            return usedSquare == exactSquare ? new Agreement(1, 0)
                : double.IsFinite(usedSquare + exactSquare) ? new Agreement(0, exactSquare == 0 ? double.PositiveInfinity : 1)
                : new Agreement(double.NaN, double.NaN);
        }

        double cosine = dot / (Math.Sqrt(usedSquare) * Math.Sqrt(exactSquare));
        return new Agreement(Math.Clamp(cosine, -1, 1), Math.Sqrt(errorSquare) / Math.Sqrt(exactSquare))
        {
            Length = Math.Sqrt(usedSquare) / Math.Sqrt(exactSquare),
        };
    }
}
