using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Measurements;

/// <summary>
/// A linear operator A that takes images to measurements, <c>y = A x + noise</c>, such as a blur: with its adjoint, a bound of its norm,
/// and, where there is a fast one, the proximal map of <c>||A x - y||^2 / 2</c>. Each channel is measured alike.
/// </summary>
/// <remarks>
/// It has no parameters and holds no tensors: what it computes with is made like its input, in float32 or float64, on its device. All
/// results are in the graph of the arguments. Safe to use from several threads.
/// </remarks>
public abstract class MeasurementOperator
{
    /// <summary>The only size (height, width) of images that it measures; null, the default, when it measures all.</summary>
    public virtual (int Height, int Width)? ImageSize => null;

    /// <summary>Whether there is a <see cref="Proximal"/>; default false.</summary>
    public virtual bool HasProximal => false;

    /// <summary>The size of measurements of images of a size; default: the same.</summary>
    /// <param name="imageSize">(height, width), each at least 1.</param>
    /// <returns>The last two sides of a measurement.</returns>
    public virtual (int Height, int Width) MeasurementSizeOf((int Height, int Width) imageSize) => imageSize;

    /// <summary>The size of the images whose measurements have a size; default: the same.</summary>
    /// <param name="measurementSize">The last two sides of a measurement, each at least 1.</param>
    /// <returns>(height, width).</returns>
    public virtual (int Height, int Width) ImageSizeOf((int Height, int Width) measurementSize) => measurementSize;

    /// <summary>A rigorous upper bound of <c>||A||</c>, the largest singular value.</summary>
    /// <param name="imageSize">Of images of this size (height, width); default: of every size, so that it may be larger.</param>
    /// <returns>Dimensionless, finite, 0 only for A = 0.</returns>
    public abstract double NormBound((int Height, int Width)? imageSize = null);

    /// <summary>A x.</summary>
    /// <param name="image">x: [batch, channels, height, width], float32 or float64.</param>
    /// <returns>[batch, channels, ...], the dtype and device of x, in its graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">x is no such image, or not of a size that is measured.</exception>
    public Tensor Apply(Tensor image)
    {
        (int, int) size = EnsureImage(image, nameof(image));
        return Computed(image, size, MeasurementSizeOf(size), ComputeMeasurement);
    }

    /// <summary>A^T y: <c>&lt;A x, y> = &lt;x, A^T y></c> for every x and y, but for rounding.</summary>
    /// <param name="measurement">y: [batch, channels, ...], float32 or float64.</param>
    /// <returns>[batch, channels, height, width], the dtype and device of y, in its graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">y is no measurement of images.</exception>
    public Tensor Adjoint(Tensor measurement)
    {
        (int, int) size = EnsureMeasurement(measurement, nameof(measurement));
        return Computed(measurement, size, size, ComputeAdjoint);
    }

    /// <summary>
    /// <c>(I + step A^T A)^-1 (point + step A^T y)</c>: the x that makes <c>step ||A x - y||^2 / 2 + ||x - point||^2 / 2</c> smallest.
    /// </summary>
    /// <param name="point">[batch, channels, height, width], float32 or float64.</param>
    /// <param name="measurement">y: [batch, channels, ...], in the dtype and on the device of the point.</param>
    /// <param name="step">Above 0, dimensionless: [], in the dtype and on the device of the point.</param>
    /// <returns>The shape of the point, in the graph of all three. The caller owns it.</returns>
    /// <exception cref="ArgumentException">One of them is not as it must be, or they do not belong together.</exception>
    /// <exception cref="InvalidOperationException">A has none (<see cref="HasProximal"/>).</exception>
    public Tensor Proximal(Tensor point, Tensor measurement, Tensor step)
    {
        EnsureHasProximal();
        (int Height, int Width) size = EnsureImage(point, nameof(point));
        if (EnsureMeasurement(measurement, nameof(measurement)) != size
            || !measurement.shape.AsSpan(0, 2).SequenceEqual(point.shape.AsSpan(0, 2)))
        {
            throw new ArgumentException(
                $"The measurement must be one of images like the point, {TensorCheck.Describe(point)}. "
                    + $"Given: {TensorCheck.Describe(measurement)}.",
                nameof(measurement));
        }

        EnsureLike(measurement, point, nameof(measurement), "The measurement");
        if (TensorCheck.HasFault(step, out string? fault) || step.ndim != 0)
        {
            throw new ArgumentException(
                $"The step must be one number, []; it {fault ?? $"is {TensorCheck.Describe(step!)}"}.", nameof(step));
        }

        EnsureLike(step, point, nameof(step), "The step");
        if (step.ToDouble() is not (> 0 and < double.PositiveInfinity) and var given)
        {
            throw new ArgumentOutOfRangeException(nameof(step), given, "The step must be above 0 and finite.");
        }

        return Computed(
            point, size, size,
            (_, prepared) => ComputeResolvent(point + (step * ComputeAdjoint(measurement, prepared)), step, prepared));
    }

    /// <summary>
    /// What the three products below compute with, such as the spectrum of a kernel: made once for all the products of a solve. Default:
    /// nothing.
    /// </summary>
    /// <param name="imageSize">(height, width), one that is measured.</param>
    /// <param name="dtype">Float32 or float64.</param>
    /// <param name="device">Where the images are.</param>
    /// <returns>New tensors without a graph. The caller owns them.</returns>
    protected internal virtual IReadOnlyList<Tensor> Prepare((int Height, int Width) imageSize, ScalarType dtype, Device device) => [];

    /// <summary>A x.</summary>
    /// <param name="image">[batch, channels, height, width], checked; not changed.</param>
    /// <param name="prepared">As <see cref="Prepare"/> gave it.</param>
    /// <returns>A new tensor, differentiable. The caller owns it.</returns>
    protected internal abstract Tensor ComputeMeasurement(Tensor image, IReadOnlyList<Tensor> prepared);

    /// <summary>A^T y.</summary>
    /// <param name="measurement">[batch, channels, ...], checked; not changed.</param>
    /// <param name="prepared">As <see cref="Prepare"/> gave it.</param>
    /// <returns>A new tensor, differentiable. The caller owns it.</returns>
    protected internal abstract Tensor ComputeAdjoint(Tensor measurement, IReadOnlyList<Tensor> prepared);

    /// <summary><c>(I + step A^T A)^-1 v</c>, where <see cref="HasProximal"/>; default: none.</summary>
    /// <param name="point">v: [batch, channels, height, width], checked; not changed.</param>
    /// <param name="step">[], above 0.</param>
    /// <param name="prepared">As <see cref="Prepare"/> gave it.</param>
    /// <returns>A new tensor, differentiable in v and in the step. The caller owns it.</returns>
    protected internal virtual Tensor ComputeResolvent(Tensor point, Tensor step, IReadOnlyList<Tensor> prepared) =>
        throw new InvalidOperationException(NoProximal);

    /// <summary>Refuses an operator without a proximal map.</summary>
    internal void EnsureHasProximal()
    {
        if (!HasProximal)
        {
            throw new InvalidOperationException(NoProximal);
        }
    }

    /// <summary>The size of the images that a tensor is a measurement of.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    internal (int Height, int Width) EnsureMeasurement(Tensor measurement, string name)
    {
        (int, int) given = EnsurePixels(measurement, name, "The measurement");
        (int, int) size = ImageSizeOf(given);
        return (ImageSize is { } only && only != size) || MeasurementSizeOf(size) != given
            ? throw new ArgumentException(
                $"{this} makes measurements of {(ImageSize is { } images ? Text(MeasurementSizeOf(images)) : "another size")}. "
                    + $"Given: {TensorCheck.Describe(measurement)}.",
                name)
            : size;
    }

    private string NoProximal =>
        $"{this} has no proximal map that is computed at once: take a step that needs only A and its adjoint, such as a proximal gradient.";

    private (int Height, int Width) EnsureImage(Tensor image, string name)
    {
        (int, int) size = EnsurePixels(image, name, "The image");
        return ImageSize is { } only && only != size
            ? throw new ArgumentException($"{this} measures images of {Text(only)}. Given: {TensorCheck.Describe(image)}.", name)
            : size;
    }

    private static (int Height, int Width) EnsurePixels(Tensor tensor, string name, string what)
    {
        TensorCheck.EnsureBatch(tensor, name, what);
        return tensor.ndim == 4 && tensor.shape[2] is >= 1 and <= int.MaxValue && tensor.shape[3] is >= 1 and <= int.MaxValue
            && tensor.dtype is ScalarType.Float32 or ScalarType.Float64
            ? ((int)tensor.shape[2], (int)tensor.shape[3])
            : throw new ArgumentException(
                $"{what} must be [batch, channels, height, width], float32 or float64, with at least one pixel. "
                    + $"Given: {TensorCheck.Describe(tensor)}.",
                name);
    }

    private static void EnsureLike(Tensor tensor, Tensor point, string name, string what)
    {
        if (tensor.dtype != point.dtype || !TensorCheck.IsOnDeviceOf(tensor, point))
        {
            throw new ArgumentException(
                $"{what} must have the dtype and device of the point, {point.dtype} on {point.device}. "
                    + $"Given: {tensor.dtype} on {tensor.device}.",
                name);
        }
    }

    private Tensor Computed(
        Tensor input, (int Height, int Width) imageSize, (int Height, int Width) madeSize,
        Func<Tensor, IReadOnlyList<Tensor>, Tensor> compute)
    {
        using DisposeScope scope = NewDisposeScope();
        return (input.numel() == 0
            ? input.new_zeros(input.shape[0], input.shape[1], madeSize.Height, madeSize.Width)
            : TorchMessage.Guarded(() => compute(input, Prepare(imageSize, input.dtype, input.device)))).MoveToOuterDisposeScope();
    }

    private static string Text((int Height, int Width) size) => $"{size.Height} x {size.Width}";
}
