using System.Runtime.CompilerServices;
using ImplicitNet.Kernels.Winograd;
using ImplicitNet.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>A layer of torch by our own kernel where that is faster than torch's.</summary>
/// <remarks>The prepared weight of a layer's last call without a graph is kept for as long as it, and recognised by its bytes.</remarks>
internal static class KernelConvolution
{
    private static readonly ConditionalWeakTable<Conv2d, RememberedKernel> Kernels = [];
    private static readonly ConditionalWeakTable<Conv2d, TrainedConvolution> Trained = [];

    /// <summary>The layer itself, in a graph or not.</summary>
    /// <param name="layer">Any.</param>
    /// <param name="input">[batch, inputs, height, width].</param>
    /// <returns>Its output. The caller owns it.</returns>
    public static Tensor Call(Conv2d layer, Tensor input) =>
        (IsUsedFor(layer) ? Trained.GetOrCreateValue(layer).TryApply(input, layer.weight!, layer.bias) : null) ?? layer.call(input);

    /// <summary><c>LeakyReLU(W * x + bias)</c> where there is no graph.</summary>
    /// <param name="layer">Any.</param>
    /// <param name="input">[batch, inputs, height, width].</param>
    /// <param name="slope">Left of 0; 1 for no activation.</param>
    /// <returns>A new tensor in the caller's dispose scope; null, and nothing done, where it is not so.</returns>
    public static Tensor? TryApply(Conv2d layer, Tensor input, double slope = 1)
    {
        Tensor weight = layer.weight!;
        if (is_grad_enabled() || !IsUsedFor(layer) || !WinogradConvolution.Fits(weight) || !ImageRows.Fit(input, weight.shape[1]))
        {
            return null;
        }

        float[]? bias = layer.bias is { } own ? [.. own.data<float>()] : null;
        return Kernels.GetOrCreateValue(layer).Of(weight).Apply(input, bias, (float)slope);
    }

    /// <summary>Whether it is used here for a convolution with such strides and padding.</summary>
    public static bool IsUsedFor(Conv2d layer) =>
        WinogradConvolution.IsUsed && layer.groups == 1 && IsAll(layer.stride, 1) && IsAll(layer.padding, 1) && IsAll(layer.dilation, 1)
        && layer is { padding_mode: TorchSharp.PaddingModes.Zeros, padding_type: null };

    private static bool IsAll(long[]? values, long value) => values is not null && Array.TrueForAll(values, own => own == value);
}
