using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Statuses;

/// <summary>The norms of the library beside the same in plain C#, and the stopping rules that are tried.</summary>
internal static class RuleFamily
{
    /// <summary>A new norm is one line.</summary>
    public static readonly IReadOnlyList<(ResidualNorm Norm, Func<double[], double> Plain)> Norms =
    [
        (ResidualNorm.L2, Length),
        (ResidualNorm.RootMeanSquare, numbers => Length(numbers) / Math.Sqrt(Math.Max(1, numbers.Length))),
        (new SumNorm(), numbers => numbers.Sum(Math.Abs)),
        (ResidualNorm.Max, numbers => numbers.Aggregate(0.0, (largest, number) => Math.Max(largest, Math.Abs(number)))),
    ];

    /// <summary>Draws a rule: the tolerances absolute, relative, both, neither, or those of the dtype.</summary>
    /// <param name="random">The source.</param>
    /// <param name="dtype">Of the latents.</param>
    /// <param name="scale">The unit that most of the latents are in.</param>
    public static StoppingRule Draw(Random random, ScalarType dtype, double scale)
    {
        double relative = Math.Pow(10, -random.Between(1, dtype == ScalarType.Float64 ? 15 : 7));
        double absolute = Math.Pow(10, -random.Between(1, dtype == ScalarType.Float64 ? 15 : 7)) * scale;
        StoppingRule rule = random.Next(9) switch
        {
            0 or 1 => new StoppingRule(),
            2 or 3 => new StoppingRule { AbsoluteTolerance = absolute },
            4 or 5 => new StoppingRule { RelativeTolerance = relative },
            6 or 7 => new StoppingRule { RelativeTolerance = relative, AbsoluteTolerance = absolute },
            _ => new StoppingRule { RelativeTolerance = 0, AbsoluteTolerance = 0 },
        };
        return rule with
        {
            MaxSteps = random.Pick([1, 2, 10, 50, 100, 100, 300]),
            Norm = random.OneIn(2) ? ResidualNorm.L2 : random.Pick(Norms).Norm,
            Scale = random.OneIn(4) ? ResidualScale.PerElement : random.OneIn(4) ? new LargerScale() : ResidualScale.PerSample,
            Patience = random.OneIn(3) ? random.Next(1, 100) : 50,
            DivergenceFactor = random.OneIn(4) ? 1e12 : 1e5,
            Stall = random.Next(4) switch
            {
                0 => new LatentStall { Share = random.OneIn(2) ? 1e-3 : 0 },
                1 => random.OneIn(2) ? Stall.None : new FarthestMoveStall(),
                _ => Stall.Residual,
            },
            Returned = random.OneIn(3) ? ReturnedIterate.Last : ReturnedIterate.Best,
        };
    }

    /// <summary>The tolerances as they are documented.</summary>
    public static (double Absolute, double Relative) Tolerances(StoppingRule rule, ScalarType dtype)
    {
        double byDtype = dtype == ScalarType.Float64 ? 1e-8 : 1e-4;
        return rule.AbsoluteTolerance is null && rule.RelativeTolerance is null
            ? (byDtype / 1000, byDtype)
            : (rule.AbsoluteTolerance ?? 0, rule.RelativeTolerance ?? 0);
    }

    /// <summary>The Euclidean length without over- or underflow of squares.</summary>
    private static double Length(double[] numbers)
    {
        double largest = numbers.Aggregate(0.0, (most, number) => Math.Max(most, Math.Abs(number)));
        return largest is 0 or double.PositiveInfinity
            ? largest
            : largest * Math.Sqrt(numbers.Sum(number => number / largest * (number / largest)));
    }
}
