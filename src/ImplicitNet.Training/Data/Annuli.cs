using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Points of a ball and of the shell around it, which no flow of the space itself can pull apart: it would have to tear the shell. In one
/// or two more dimensions it is easy. Samples are drawn when they are read.
/// </summary>
/// <remarks>
/// Inputs are float32, [batch, <see cref="Dimensions"/>]; targets float32, [batch, 1]: -1 for radii below 0.5, +1 for radii from 1 to 1.5,
/// three times as many. Both are uniform in volume. For <see cref="Tasks.SignedRegression"/>. The function g of Dupont, Doucet and Teh,
/// "Augmented neural ODEs", NeurIPS 2019.
/// </remarks>
public sealed class Annuli : GeneratedBatches
{
    /// <summary>The radius of the ball.</summary>
    internal const double BallRadius = 0.5;

    /// <summary>Where the shell begins.</summary>
    internal const double ShellInner = 1;

    /// <summary>Where the shell ends.</summary>
    internal const double ShellOuter = 1.5;

    // Points are drawn from a cube until one lies in its part: in 8 dimensions one of 63, in 20 one of 40 million.
    private const int MostDimensions = 8;

    // Of so many samples one is of the ball.
    private const int Share = 4;

    /// <summary>Creates the source.</summary>
    /// <param name="dimensions">Of the space; 1 to 8.</param>
    /// <param name="count">Points in an epoch; 0 to 2^30; every fourth is of the ball.</param>
    /// <param name="batchSize">Points in a batch; at least 1. The last batch of an epoch holds what is left.</param>
    /// <param name="seed">Seed of the points and of their order; any value.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
    public Annuli(int dimensions, int count, int batchSize = 64, long seed = 1)
        : base($"annuli in {dimensions} dimensions", count, batchSize, seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimensions, MostDimensions);
        Dimensions = dimensions;
    }

    /// <summary>Coordinates of a point.</summary>
    public int Dimensions { get; }

    /// <inheritdoc/>
    protected override (Tensor Input, Tensor Target, Tensor? Weight) Generate(long number, RandomNumbers random)
    {
        bool isBall = number % Share == 0;
        (double inner, double outer) = isBall ? (0, BallRadius) : (ShellInner, ShellOuter);
        float[] point = new float[Dimensions];
        double radius;
        do
        {
            double sum = 0;
            for (int place = 0; place < point.Length; place++)
            {
                point[place] = (float)random.NextBetween(-outer, outer);
                sum += (double)point[place] * point[place];
            }

            radius = Math.Sqrt(sum);
        }
        while (radius < inner || radius >= outer);
        return (tensor(point), tensor(new[] { isBall ? -1f : 1f }), null);
    }
}
