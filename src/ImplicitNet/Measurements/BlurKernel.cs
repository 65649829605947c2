using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Measurements;

/// <summary>The kernel of a blur, and its spectrum on a torus: <c>y[i] = sum over d of k[d] x[i - d]</c>, d = 0 in the middle.</summary>
internal sealed class BlurKernel
{
    // The tails of a Gaussian beyond 2.5 deviations hold 1.2 % of its weight.
    private const double GaussianReach = 2.5;
    private const double LargestDeviation = 100;

    private readonly double[,] _values;

    /// <summary>Takes a copy.</summary>
    /// <exception cref="ArgumentException">A side is even, or an element is not finite.</exception>
    public BlurKernel(double[,] kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        (Height, Width) = (kernel.GetLength(0), kernel.GetLength(1));
        if (Height % 2 == 0 || Width % 2 == 0)
        {
            throw new ArgumentException(
                $"A kernel's sides must be odd, so that it has a middle. Given: {Height} x {Width}.", nameof(kernel));
        }

        _values = (double[,])kernel.Clone();
        double sum = _values.Cast<double>().Sum(Math.Abs);
        AbsoluteSum = double.IsFinite(sum) ? sum : throw new ArgumentException("An element of the kernel is not finite.", nameof(kernel));
    }

    public int Height { get; }

    public int Width { get; }

    /// <summary>At least the norm of the convolution with any border; that of a circular one where no element is below 0.</summary>
    public double AbsoluteSum { get; }

    /// <summary>A Gaussian, cut at 2.5 deviations, of sum 1.</summary>
    public static double[,] Gaussian(double deviation)
    {
        if (deviation is not (> 0 and <= LargestDeviation))
        {
            throw new ArgumentOutOfRangeException(
                nameof(deviation), deviation, $"The deviation must be above 0 pixels and at most {LargestDeviation}.");
        }

        int radius = (int)Math.Ceiling(GaussianReach * deviation);
        double[] line = [.. Enumerable.Range(-radius, (2 * radius) + 1).Select(at => Math.Exp(-0.5 * at * at / (deviation * deviation)))];
        double sum = line.Sum();
        double[,] kernel = new double[line.Length, line.Length];
        for (int row = 0; row < line.Length; row++)
        {
            for (int column = 0; column < line.Length; column++)
            {
                kernel[row, column] = line[row] / sum * (line[column] / sum);
            }
        }

        return kernel;
    }

    /// <summary>The factor of each frequency on a torus of any size, the kernel wound round it: [height, width / 2 + 1], complex, in
    /// float64. The caller owns it.</summary>
    public Tensor Spectrum(int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] wound = new double[checked(height * width)];
        for (int row = 0; row < Height; row++)
        {
            int at = Modulo(row - (Height / 2), height) * width;
            for (int column = 0; column < Width; column++)
            {
                wound[at + Modulo(column - (Width / 2), width)] += _values[row, column];
            }
        }

        return fft.rfft2(tensor(wound, [height, width])).MoveToOuterDisposeScope();
    }

    /// <summary>An upper bound of the norm of the circular convolution on a torus: the largest factor of a frequency.</summary>
    public double NormOnTorus(int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();

        // The last term covers the rounding of the transform.
        return Math.Min(AbsoluteSum, Spectrum(height, width).abs().max().ToDouble() + (1e-13 * AbsoluteSum));
    }

    /// <summary>As <c>conv2d</c> takes it, which does not turn it round: [height, width], in float64. The caller owns it.</summary>
    public Tensor Turned()
    {
        using DisposeScope scope = NewDisposeScope();
        return tensor(_values).flip(0, 1).contiguous().MoveToOuterDisposeScope();
    }

    private static int Modulo(int value, int divisor) => ((value % divisor) + divisor) % divisor;
}
