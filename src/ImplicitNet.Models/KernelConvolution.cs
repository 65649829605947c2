using System.Runtime.CompilerServices;
using ImplicitNet.Kernels.Winograd;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// <c>LeakyReLU(W * x + bias)</c> of a layer of torch by our own kernel, where there is no graph and it is faster than torch's.
/// </summary>
/// <remarks>The prepared weight of every layer's last call is kept for as long as the layer, and recognised by its bytes.</remarks>
internal static class KernelConvolution
{
    private static readonly ConditionalWeakTable<Conv2d, RememberedKernel> Kernels = [];

    /// <summary>Applies all three.</summary>
    /// <param name="layer">Says strides and padding, and whose kernel it is.</param>
    /// <param name="weight">That of the layer, or another in its place: [outputs, inputs, height, width].</param>
    /// <param name="bias">[outputs]; null for none.</param>
    /// <param name="input">[batch, inputs, height, width].</param>
    /// <param name="slope">Left of 0; 1 for no activation.</param>
    /// <returns>A new tensor in the caller's dispose scope; null, and nothing done, where it is not so.</returns>
    public static Tensor? TryApply(Conv2d layer, Tensor weight, Tensor? bias, Tensor input, double slope = 1)
    {
        if (is_grad_enabled() || !WinogradConvolution.IsUsed || !WinogradConvolution.Fits(weight) || !ImageRows.Fit(input, weight.shape[1])
            || layer.groups != 1 || !IsAll(layer.stride, 1) || !IsAll(layer.padding, 1) || !IsAll(layer.dilation, 1)
            || layer is not { padding_mode: TorchSharp.PaddingModes.Zeros, padding_type: null })
        {
            return null;
        }

        WinogradConvolution kernel = Kernels.GetOrCreateValue(layer).Of(weight);
        float[] biases = bias is null ? new float[kernel.Outputs] : [.. bias.data<float>()];
        (Tensor images, ImageRows output) = ImageRows.Empty([input.shape[0], kernel.Outputs, input.shape[2], input.shape[3]]);
        Apply(kernel, biases, ImageRows.Of(input), output, (float)slope);
        return images;
    }

    private static void Apply(WinogradConvolution kernel, float[] biases, ImageRows input, ImageRows output, float slope) =>
        input.ForEach(WinogradConvolution.SamplesAtOnce(input.Size), (first, count) => kernel.Apply(
            input.Samples(first, count), output.Samples(first, count), input.Size, new ChannelActivation(biases, slope)));

    private static bool IsAll(long[]? values, long value) => values is not null && Array.TrueForAll(values, own => own == value);
}
