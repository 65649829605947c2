using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The frequencies at which the symbol of a convolution kernel is sampled for a rigorous bound of the operator norm of
/// the zero-padded convolution.
/// </summary>
/// <remarks>
/// Zero padding on n x n images is a compression of the circular convolution on a torus of side n + r, r = (k - 1) / 2,
/// whose norm is exactly the largest singular value of the symbol over the torus's frequencies: a bound without
/// correction for one image size. For all sizes the norm is at most the supremum over all frequencies; the symbol is
/// a trigonometric polynomial of degree r in each variable, so that supremum is at most the largest value over an N x N
/// grid divided by <c>cos(pi r / N)^2</c> (Ehlich and Zeller, 1964, in one variable).
/// </remarks>
internal sealed class FrequencyGrid
{
    // Corrections for k = 3: 3.9 % at 16 x 16 while training (finer grids cost in proportion), 0.2 % for the certificate.
    private const int AllSizesGrid = 16;
    private const int AllSizesCertificateGrid = 64;

    // The table of sines and cosines of one image size takes eight bytes for each: 256 MiB at most.
    private const long MostTableNumbers = 1 << 25;

    // The grid for all sizes grows with the kernel: at this side its table takes 450 MB, and sixteen times that for the certificate.
    private const int WidestKernel = 31;

    private readonly TorusFrequencies _frequencies;
    private readonly (int Height, int Width) _certificateSize;
    private readonly (int Height, int Width) _kernel;
    private readonly double _correction;
    private readonly double _certificateCorrection;
    private readonly RememberedBound _certified = new();
    private (int Height, int Width)? _images;

    private FrequencyGrid((int, int) size, (int, int) certificateSize, int kernelSize, bool correct)
        : this(size, certificateSize, (kernelSize, kernelSize), correct)
    {
    }

    private FrequencyGrid((int, int) size, (int, int) certificateSize, (int, int) kernel, bool correct)
    {
        _frequencies = new TorusFrequencies(size, kernel);
        _certificateSize = certificateSize;
        _kernel = kernel;
        _correction = correct ? Correction(size, kernel) : 1;
        _certificateCorrection = correct ? Correction(certificateSize, kernel) : 1;
    }

    /// <summary>A grid for sequences, which are images of height 1, of one length, or of every length.</summary>
    public static FrequencyGrid ForSequences(int? length, int kernelSize)
    {
        if (length is { } one)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(one, 1, nameof(length));
            int torus = Math.Max(one + (kernelSize / 2), kernelSize);
            return new FrequencyGrid((1, torus), (1, torus), (1, kernelSize), correct: false) { _images = (1, one) };
        }

        int finer = Math.Max(1, kernelSize / 2);
        return new FrequencyGrid((1, AllSizesGrid * finer), (1, AllSizesCertificateGrid * finer), (1, kernelSize), correct: true);
    }

    /// <summary>A grid for images of one size.</summary>
    public static FrequencyGrid ForImages(int height, int width, int kernelSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        int radius = kernelSize / 2;
        if (((double)height + radius) * ((double)width + radius) * kernelSize * kernelSize > MostTableNumbers)
        {
            throw new ArgumentOutOfRangeException(
                nameof(height), $"The norm is bounded for images of at most {MostTableNumbers / (kernelSize * kernelSize)} pixels "
                + $"with a kernel of {kernelSize}; {height} x {width} were given. "
                + "Leave the image size out for a bound that holds for all.");
        }

        (int, int) torus = (Math.Max(height + radius, kernelSize), Math.Max(width + radius, kernelSize));
        return new FrequencyGrid(torus, torus, kernelSize, correct: false) { _images = (height, width) };
    }

    /// <summary>The frequencies of circular convolutions of one size, at which the largest singular value is the norm.</summary>
    public static FrequencyGrid ForTorus(int height, int width, int kernelSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, kernelSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, kernelSize);
        if ((double)height * width * kernelSize * kernelSize > MostTableNumbers)
        {
            throw new ArgumentOutOfRangeException(
                nameof(height),
                $"A circular convolution has at most {MostTableNumbers / (kernelSize * kernelSize)} pixels with a kernel of {kernelSize}; "
                    + $"{height} x {width} were given.");
        }

        return new FrequencyGrid((height, width), (height, width), kernelSize, correct: false);
    }

    /// <summary>A grid for images of every size.</summary>
    public static FrequencyGrid ForAllSizes(int kernelSize)
    {
        if (kernelSize > WidestKernel)
        {
            throw new ArgumentOutOfRangeException(
                nameof(kernelSize),
                $"The norm is bounded for images of every size with a kernel of at most {WidestKernel}; {kernelSize} was given. "
                + "Give the image size for a bound of wider ones.");
        }

        // A finer grid for wider kernels keeps pi r / N, and with it the correction, the same.
        int finer = Math.Max(1, kernelSize / 2);
        int training = AllSizesGrid * finer;
        int certificate = AllSizesCertificateGrid * finer;
        return new FrequencyGrid((training, training), (certificate, certificate), kernelSize, correct: true);
    }

    /// <summary>
    /// An upper bound of the operator norm, in the graph of the kernel (its gradient is taken where the bound is attained).
    /// </summary>
    /// <param name="kernel">[outputs, inputs, height, width].</param>
    /// <returns>[1]. The caller owns it.</returns>
    public Tensor UpperBound(Tensor kernel)
    {
        using DisposeScope scope = NewDisposeScope();
        (int index, double estimate) = SpectralNorm.Largest(_frequencies.Symbols(kernel.detach()));
        Tensor value = SpectralNorm.UpperBound(_frequencies.Symbol(kernel, index), estimate);
        return (value / _correction).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// An upper bound in float64 from singular value decompositions, for small images of one size from a factorisation, which is tighter;
    /// NaN when the kernel is not finite.
    /// </summary>
    public double Certify(Tensor kernel)
    {
        using DisposeScope scope = NewDisposeScope();
        return _certified.Of(kernel, Certified).ToDouble();
    }

    private Tensor Certified(Tensor kernel)
    {
        Tensor wide = kernel.to(ScalarType.Float64);
        Tensor symbols = new TorusFrequencies(_certificateSize, _kernel).Symbols(wide);
        double bound = SpectralNorm.LargestSingularValue(symbols) / _certificateCorrection;
        return full([1], _images is { } size ? PaddedNorm.Tightened(wide, size, bound) : bound, ScalarType.Float64);
    }

    private static double Correction((int Height, int Width) size, (int Height, int Width) kernel) =>
        Math.Cos(Math.PI * (kernel.Height / 2) / size.Height) * Math.Cos(Math.PI * (kernel.Width / 2) / size.Width);
}
