using ImplicitNet.Measurements;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Baselines;

/// <summary>
/// A method that restores images from measurements <c>y = A x + noise</c> without having learned anything, but for one number, its
/// strength: what a network must beat.
/// </summary>
public abstract class ClassicalRestoration
{
    // A quality over a strength has one peak, and near it is flat: a factor of 1.1 between strengths is less than 0.01 dB.
    private const int CoarseSteps = 8;
    private const int FineSteps = 6;

    private protected ClassicalRestoration(MeasurementOperator measurement) =>
        Measurement = measurement ?? throw new ArgumentNullException(nameof(measurement));

    /// <summary>What is to be undone, A.</summary>
    public MeasurementOperator Measurement { get; }

    /// <summary>What the method is called.</summary>
    public abstract string Name { get; }

    /// <summary>What its strength is called.</summary>
    public abstract string StrengthName { get; }

    /// <summary>Between which strengths the best is looked for; above 0.</summary>
    public abstract (double Least, double Most) Strengths { get; }

    /// <summary>The square of the bound of the norm of A, in whose units strengths are.</summary>
    private protected double SquaredNorm => Math.Pow(Measurement.NormBound(Measurement.ImageSize), 2);

    /// <summary>Restores images.</summary>
    /// <param name="measurement">y: [batch, channels, ...] as the operator gives it, float32 or float64.</param>
    /// <param name="strength">Above 0 and finite.</param>
    /// <returns>[batch, channels, height, width], in the dtype and on the device of y, without a graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">y is no measurement.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The strength is out of its range.</exception>
    public Tensor Restore(Tensor measurement, double strength)
    {
        if (strength is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(strength), strength, $"The {StrengthName} must be above 0 and finite.");
        }

        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return Compute(measurement.detach(), strength).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The strength of highest quality, to within a factor of about 1.1: the best of a grid of nine, and a golden section search around it.
    /// </summary>
    /// <param name="quality">Of the images restored with a strength; called 15 times. The higher, the better.</param>
    public double Tune(Func<double, double> quality)
    {
        ArgumentNullException.ThrowIfNull(quality);
        (double least, double most) = (Math.Log(Strengths.Least), Math.Log(Strengths.Most));
        double step = (most - least) / CoarseSteps;
        double Of(double logarithm) => quality(Math.Exp(logarithm));
        int best = Enumerable.Range(0, CoarseSteps + 1).MaxBy(place => Of(least + (place * step)));
        double low = least + (Math.Max(0, best - 1) * step), high = least + (Math.Min(CoarseSteps, best + 1) * step);
        double golden = (Math.Sqrt(5) - 1) / 2;
        double left = high - (golden * (high - low)), right = low + (golden * (high - low)), ofLeft = Of(left), ofRight = Of(right);
        for (int fine = 2; fine < FineSteps; fine++)
        {
            if (ofLeft < ofRight)
            {
                (low, left, ofLeft) = (left, right, ofRight);
                right = low + (golden * (high - low));
                ofRight = Of(right);
            }
            else
            {
                (high, right, ofRight) = (right, left, ofLeft);
                left = high - (golden * (high - low));
                ofLeft = Of(left);
            }
        }

        return Math.Exp(ofLeft < ofRight ? right : left);
    }

    /// <summary>The images, without a graph, in the dispose scope of the caller.</summary>
    private protected abstract Tensor Compute(Tensor measurement, double strength);
}
