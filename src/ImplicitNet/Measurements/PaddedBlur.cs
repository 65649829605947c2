using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Measurements;

/// <summary>A convolution with a kernel on images that are 0 beyond their edges.</summary>
/// <remarks>Each product is a convolution of each channel, and costs the pixels of the kernel for each pixel of the image.</remarks>
public sealed class PaddedBlur : MeasurementOperator
{
    private readonly BlurKernel _kernel;

    /// <summary>Creates the blur: <c>y[i] = sum over d of kernel[d] x[i - d]</c>, d = 0 in the middle of the kernel.</summary>
    /// <param name="kernel">[height, width], both odd, of finite numbers of any sign; copied.</param>
    /// <exception cref="ArgumentException">A side is even, or an element is not finite.</exception>
    public PaddedBlur(double[,] kernel) => _kernel = new BlurKernel(kernel);

    /// <summary>A Gaussian blur; the kernel is cut at 2.5 deviations (9 x 9 for 1.6) and its sum is 1.</summary>
    /// <param name="deviation">In pixels: above 0, at most 100.</param>
    public static PaddedBlur Gaussian(double deviation) => new(BlurKernel.Gaussian(deviation));

    /// <inheritdoc/>
    /// <remarks>That of the circular blur of images larger by the kernel's radius, of which this one is a part.</remarks>
    public override double NormBound((int Height, int Width)? imageSize = null) => imageSize is (int height, int width)
        ? _kernel.NormOnTorus(height + (_kernel.Height / 2), width + (_kernel.Width / 2))
        : _kernel.AbsoluteSum;

    /// <inheritdoc/>
    public override string ToString() => $"The zero-padded blur by {_kernel.Height} x {_kernel.Width}";

    /// <inheritdoc/>
    protected internal override IReadOnlyList<Tensor> Prepare((int Height, int Width) imageSize, ScalarType dtype, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        return [_kernel.Turned().unsqueeze(0).unsqueeze(0).to(dtype).to(device).MoveToOuterDisposeScope()];
    }

    /// <inheritdoc/>
    protected internal override Tensor ComputeMeasurement(Tensor image, IReadOnlyList<Tensor> prepared)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor made = nn.functional.conv2d(InOneChannel(image), prepared[0], padding: [_kernel.Height / 2, _kernel.Width / 2]);
        return made.reshape(image.shape).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected internal override Tensor ComputeAdjoint(Tensor measurement, IReadOnlyList<Tensor> prepared)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor turned = prepared[0].flip(2, 3);
        Tensor made = nn.functional.conv2d(InOneChannel(measurement), turned, padding: [_kernel.Height / 2, _kernel.Width / 2]);
        return made.reshape(measurement.shape).MoveToOuterDisposeScope();
    }

    private static Tensor InOneChannel(Tensor image) => image.reshape(-1, 1, image.shape[2], image.shape[3]);
}
