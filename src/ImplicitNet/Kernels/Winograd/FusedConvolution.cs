using static TorchSharp.torch;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>
/// <c>LeakyReLU(W * x + shift)</c> of a batch, sample by sample while each is in the cache, where there is no graph: what an evaluation of
/// a contraction does.
/// </summary>
/// <remarks>The prepared weight of the last call is kept, and recognised by its bytes. Safe to use from several threads.</remarks>
internal sealed class FusedConvolution
{
    private readonly RememberedKernel _kernel = new();

    /// <summary>Applies all three.</summary>
    /// <param name="input">[batch, channels, height, width].</param>
    /// <param name="weight">[channels, channels, 3, 3].</param>
    /// <param name="shift">The shape of <paramref name="input"/>.</param>
    /// <param name="slope">Left of 0, in [0, 1].</param>
    /// <returns>
    /// A new tensor in channels-last memory; null, and nothing done, with gradients, on another device, processor or dtype than the kernel
    /// is for, or in another memory layout. In the caller's
    /// dispose scope.
    /// </returns>
    public Tensor? TryApply(Tensor input, Tensor weight, Tensor shift, double slope)
    {
        if (!Fits(input, weight, shift))
        {
            return null;
        }

        WinogradConvolution kernel = _kernel.Of(weight);
        (Tensor images, ImageRows output) = ImageRows.Empty(input.shape);
        Apply(kernel, ImageRows.Of(input), ImageRows.Of(shift), output, (float)slope);
        return images;
    }

    /// <summary>The same as a kernel, for inputs of one shape.</summary>
    /// <param name="start">One of them.</param>
    /// <param name="weight">As above.</param>
    /// <param name="shift">As above; it must outlive the kernel.</param>
    /// <param name="slope">As above.</param>
    /// <returns>Null where <see cref="TryApply"/> would return null.</returns>
    public SampleKernel? TryKernel(Tensor start, Tensor weight, Tensor shift, double slope)
    {
        if (!Fits(start, weight, shift))
        {
            return null;
        }

        ImageRows shifts = ImageRows.Of(shift);
        return new Kernel(_kernel.Of(weight), shifts, (float)slope)
        {
            Size = shifts.SampleSize,
            AtOnce = WinogradStrip.SamplesAtOnce(shifts.Size),
        };
    }

    private static bool Fits(Tensor input, Tensor weight, Tensor shift) =>
        !is_grad_enabled() && WinogradConvolution.IsUsed && WinogradConvolution.Fits(weight)
        && weight.shape[0] == weight.shape[1] && ImageRows.Fit(input, weight.shape[1]) && ImageRows.Fit(shift, weight.shape[0])
        && input.shape.AsSpan().SequenceEqual(shift.shape);

    private static void Apply(WinogradConvolution kernel, ImageRows input, ImageRows shift, ImageRows output, float slope) =>
        input.ForEach(WinogradStrip.SamplesAtOnce(input.Size), (first, count) => kernel.Apply(
            input.Samples(first, count), output.Samples(first, count), input.Size,
            new ShiftedActivation(shift.Samples(first, count), slope)));

    private sealed class Kernel(WinogradConvolution convolution, ImageRows shifts, float slope) : SampleKernel
    {
        public override ReadOnlySpan<float> Input(int sample) => shifts.Samples(sample, 1);

        public override void Apply(ReadOnlySpan<float> samples, ReadOnlySpan<float> inputs, Span<float> values) =>
            convolution.Apply(samples, values, shifts.Size, new ShiftedActivation(inputs, slope));
    }
}
