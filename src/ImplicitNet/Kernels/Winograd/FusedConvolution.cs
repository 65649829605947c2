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
        if (is_grad_enabled() || !WinogradConvolution.IsUsed || !WinogradConvolution.Fits(weight)
            || weight.shape[0] != weight.shape[1] || !ImageRows.Fit(input, weight.shape[1]) || !ImageRows.Fit(shift, weight.shape[0])
            || !input.shape.AsSpan().SequenceEqual(shift.shape))
        {
            return null;
        }

        WinogradConvolution kernel = _kernel.Of(weight);
        (Tensor images, ImageRows output) = ImageRows.Empty(input.shape);
        Apply(kernel, ImageRows.Of(input), ImageRows.Of(shift), output, (float)slope);
        return images;
    }

    private static void Apply(WinogradConvolution kernel, ImageRows input, ImageRows shift, ImageRows output, float slope) =>
        input.ForEach(WinogradConvolution.SamplesAtOnce(input.Size), (first, count) => kernel.Apply(
            input.Samples(first, count), output.Samples(first, count), input.Size,
            new ShiftedActivation(shift.Samples(first, count), slope)));
}
