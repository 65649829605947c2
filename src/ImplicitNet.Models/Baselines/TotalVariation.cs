using ImplicitNet.Measurements;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Baselines;

/// <summary>
/// The image of least <c>||A x - y||^2 / 2 + strength TV(x)</c>, TV the sum over pixels of the length of the gradient (forward
/// differences, each channel by itself): edges stay, noise goes. Found by the primal-dual method of Chambolle and Pock, "A first-order
/// primal-dual algorithm for convex problems with applications to imaging", 2011, algorithm 1, on both terms.
/// </summary>
/// <remarks>
/// Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal algorithms", 1992. A step costs one product with A and one with
/// its adjoint. A is divided by the bound of its norm, and the strength with it, so that steps are the same for every A.
/// </remarks>
public sealed class TotalVariation : ClassicalRestoration
{
    // The squared norm of the gradient by forward differences is below 8, that of A over its bound at most 1.
    private const double SquaredStep = 9;

    /// <summary>Creates the method.</summary>
    /// <param name="measurement">A.</param>
    public TotalVariation(MeasurementOperator measurement)
        : base(measurement)
    {
    }

    /// <inheritdoc/>
    public override string Name => "total variation";

    /// <inheritdoc/>
    public override string StrengthName => "weight of TV";

    /// <summary>
    /// Between 1e-5 and 1 for an A of norm 1; for others, between so many times the square of the bound of its norm.
    /// </summary>
    public override (double Least, double Most) Strengths => (1e-5 * SquaredNorm, SquaredNorm);

    /// <summary>Steps; at least 1; default 100.</summary>
    public int Steps
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Steps), value, "There must be at least 1 step.");
    } = 100;

    /// <inheritdoc/>
    private protected override Tensor Compute(Tensor measurement, double strength)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor image = zeros_like(Measurement.Adjoint(measurement));
        (int, int) size = ((int)image.shape[2], (int)image.shape[3]);
        IReadOnlyList<Tensor> prepared = Measurement.Prepare(size, image.dtype, image.device);
        double norm = Measurement.NormBound(size);
        Tensor target = measurement / norm;
        double weight = strength / (norm * norm), step = 1 / Math.Sqrt(SquaredStep);
        Tensor ahead = image.clone(), data = zeros_like(target), down = zeros_like(image), right = zeros_like(image);
        for (int number = 0; number < Steps; number++)
        {
            using DisposeScope ofStep = NewDisposeScope();
            Tensor nextData = (data + (step * ((Measurement.ComputeMeasurement(ahead, prepared) / norm) - target))) / (1 + step);
            (Tensor nextDown, Tensor nextRight) = Differences(ahead);
            nextDown = down + (step * nextDown);
            nextRight = right + (step * nextRight);

            // Back into the ball of radius weight, at every pixel.
            Tensor lengths = (nextDown.square() + nextRight.square()).sqrt().div(weight).clamp(min: 1);
            nextDown = nextDown / lengths;
            nextRight = nextRight / lengths;
            Tensor next = image - (step * ((Measurement.ComputeAdjoint(nextData, prepared) / norm) + Adjoint(nextDown, nextRight)));
            Tensor nextAhead = (2 * next) - image;
            Replace(ref image, next);
            Replace(ref ahead, nextAhead);
            Replace(ref data, nextData);
            Replace(ref down, nextDown);
            Replace(ref right, nextRight);
        }

        return image.MoveToOuterDisposeScope();
    }

    private static void Replace(ref Tensor kept, Tensor next)
    {
        kept.Dispose();
        kept = next.MoveToOuterDisposeScope();
    }

    /// <summary>The differences to the pixel below and to the one at the right; 0 at the last ones.</summary>
    private static (Tensor Down, Tensor Right) Differences(Tensor image)
    {
        Tensor down = zeros_like(image), right = zeros_like(image);
        long height = image.shape[2], width = image.shape[3];
        down.narrow(2, 0, height - 1).copy_(image.narrow(2, 1, height - 1) - image.narrow(2, 0, height - 1));
        right.narrow(3, 0, width - 1).copy_(image.narrow(3, 1, width - 1) - image.narrow(3, 0, width - 1));
        return (down, right);
    }

    private static Tensor Adjoint(Tensor down, Tensor right)
    {
        Tensor image = -down - right;
        long height = image.shape[2], width = image.shape[3];

        // What stands in the last row and column is 0 always, and is of no difference.
        image.narrow(2, 1, height - 1).add_(down.narrow(2, 0, height - 1));
        image.narrow(3, 1, width - 1).add_(right.narrow(3, 0, width - 1));
        return image;
    }
}
