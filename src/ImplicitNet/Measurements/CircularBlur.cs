using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Measurements;

/// <summary>
/// A convolution with a kernel on images that go on beyond each edge as they begin at the opposite one: a factor for every frequency.
/// </summary>
/// <remarks>Each product, the proximal map included, is two fast Fourier transforms. Images may be smaller than the kernel.</remarks>
public sealed class CircularBlur : MeasurementOperator
{
    private readonly BlurKernel _kernel;

    /// <summary>Creates the blur: <c>y[i] = sum over d of kernel[d] x[i - d]</c>, d = 0 in the middle of the kernel.</summary>
    /// <param name="kernel">[height, width], both odd, of finite numbers of any sign; copied.</param>
    /// <exception cref="ArgumentException">A side is even, or an element is not finite.</exception>
    public CircularBlur(double[,] kernel) => _kernel = new BlurKernel(kernel);

    /// <inheritdoc/>
    public override bool HasProximal => true;

    /// <summary>A Gaussian blur; the kernel is cut at 2.5 deviations (9 x 9 for 1.6) and its sum is 1.</summary>
    /// <param name="deviation">In pixels: above 0, at most 100.</param>
    public static CircularBlur Gaussian(double deviation) => new(BlurKernel.Gaussian(deviation));

    /// <inheritdoc/>
    /// <remarks>Exact for a size, but for rounding; for all sizes where no element of the kernel is below 0.</remarks>
    public override double NormBound((int Height, int Width)? imageSize = null) =>
        imageSize is (int height, int width) ? _kernel.NormOnTorus(height, width) : _kernel.AbsoluteSum;

    /// <inheritdoc/>
    public override string ToString() => $"The circular blur by {_kernel.Height} x {_kernel.Width}";

    /// <inheritdoc/>
    protected internal override IReadOnlyList<Tensor> Prepare((int Height, int Width) imageSize, ScalarType dtype, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor spectrum = _kernel.Spectrum(imageSize.Height, imageSize.Width);
        Tensor power = spectrum.real.square() + spectrum.imag.square();
        ScalarType complexDtype = dtype == ScalarType.Float32 ? ScalarType.ComplexFloat32 : ScalarType.ComplexFloat64;
        return
        [
            spectrum.to(complexDtype).to(device).MoveToOuterDisposeScope(),
            power.to(dtype).to(device).MoveToOuterDisposeScope(),
        ];
    }

    /// <inheritdoc/>
    protected internal override Tensor ComputeMeasurement(Tensor image, IReadOnlyList<Tensor> prepared) =>
        Filtered(image, spectrum => spectrum * prepared[0]);

    /// <inheritdoc/>
    protected internal override Tensor ComputeAdjoint(Tensor measurement, IReadOnlyList<Tensor> prepared) =>
        Filtered(measurement, spectrum => spectrum * prepared[0].conj());

    /// <inheritdoc/>
    protected internal override Tensor ComputeResolvent(Tensor point, Tensor step, IReadOnlyList<Tensor> prepared) =>
        Filtered(point, spectrum => spectrum / (1 + (step * prepared[1])));

    private static Tensor Filtered(Tensor image, Func<Tensor, Tensor> filter)
    {
        if (image.numel() == 0)
        {
            // There is no transform of nothing.
            return image.clone();
        }

        using DisposeScope scope = NewDisposeScope();
        return fft.irfft2(filter(fft.rfft2(image)), [image.shape[2], image.shape[3]]).MoveToOuterDisposeScope();
    }
}
