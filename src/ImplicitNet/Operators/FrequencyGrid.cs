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

    private readonly (int Height, int Width) _size;
    private readonly (int Height, int Width) _certificateSize;
    private readonly int _radius;
    private readonly bool _correct;

    private FrequencyGrid((int, int) size, (int, int) certificateSize, int radius, bool correct)
    {
        _size = size;
        _certificateSize = certificateSize;
        _radius = radius;
        _correct = correct;
    }

    /// <summary>A grid for images of one size.</summary>
    public static FrequencyGrid ForImages(int height, int width, int kernelSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        int radius = kernelSize / 2;
        (int, int) torus = (Math.Max(height + radius, kernelSize), Math.Max(width + radius, kernelSize));
        return new FrequencyGrid(torus, torus, radius, correct: false);
    }

    /// <summary>A grid for images of every size.</summary>
    public static FrequencyGrid ForAllSizes(int kernelSize)
    {
        int radius = kernelSize / 2;

        // A finer grid for wider kernels keeps pi r / N, and with it the correction, the same.
        int training = AllSizesGrid * Math.Max(1, radius);
        int certificate = AllSizesCertificateGrid * Math.Max(1, radius);
        return new FrequencyGrid((training, training), (certificate, certificate), radius, correct: true);
    }

    /// <summary>An upper bound of the operator norm, in the graph of the kernel (its gradient is taken where the bound is attained).</summary>
    /// <param name="kernel">[outputs, inputs, k, k].</param>
    /// <returns>[1]. The caller owns it.</returns>
    public Tensor UpperBound(Tensor kernel)
    {
        using DisposeScope scope = NewDisposeScope();
        long largest;
        Tensor value;
        using (no_grad())
        {
            Tensor bounds = SpectralNorm.UpperBounds(Symbols(kernel, _size));
            largest = bounds.argmax().ToInt64();
            value = bounds[largest].reshape(1);
        }

        if (is_grad_enabled() && kernel.requires_grad)
        {
            int columns = (_size.Width / 2) + 1;
            value = SpectralNorm.UpperBounds(SymbolAt(kernel, (double)(largest / columns) / _size.Height, (double)(largest % columns) / _size.Width));
        }

        return (value / Correction(_size)).MoveToOuterDisposeScope();
    }

    /// <summary>An upper bound in float64 from singular value decompositions; NaN when the kernel is not finite.</summary>
    public double Certify(Tensor kernel)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor symbols = Symbols(kernel.to(ScalarType.Float64), _certificateSize);
        return SpectralNorm.LargestSingularValue(symbols) / Correction(_certificateSize);
    }

    private double Correction((int Height, int Width) size) =>
        _correct ? Math.Cos(Math.PI * _radius / size.Height) * Math.Cos(Math.PI * _radius / size.Width) : 1;

    /// <summary>The symbol at half the grid's frequencies: [frequencies, outputs, inputs], complex; a real kernel's other half is conjugate.</summary>
    private static Tensor Symbols(Tensor kernel, (int Height, int Width) size) =>
        fft.rfft2(kernel, [size.Height, size.Width]).permute(2, 3, 0, 1).flatten(0, 1);

    /// <summary>The symbol at one frequency (cycles per pixel): [1, outputs, inputs], complex, in the graph of the kernel.</summary>
    private static Tensor SymbolAt(Tensor kernel, double vertical, double horizontal)
    {
        Tensor rows = arange(kernel.shape[2], kernel.dtype, kernel.device) * (2 * Math.PI * vertical);
        Tensor columns = arange(kernel.shape[3], kernel.dtype, kernel.device) * (2 * Math.PI * horizontal);
        Tensor phase = rows.unsqueeze(1) + columns.unsqueeze(0);
        Tensor real = (kernel * phase.cos()).sum([2, 3]);
        Tensor imaginary = (kernel * phase.sin()).sum([2, 3]).neg();
        return complex(real, imaginary).unsqueeze(0);
    }
}
