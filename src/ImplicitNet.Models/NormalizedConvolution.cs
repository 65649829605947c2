using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// <c>norm(convolution(x))</c>. Where nothing is trained the batch normalisation is a scale and a shift of every channel, which the
/// convolution's
/// weight and bias take over: one pass less over the images. A 3 x 3 one goes by our own kernel where that is faster.
/// </summary>
internal static class NormalizedConvolution
{
    private static readonly ConditionalWeakTable<Conv2d, FoldedConvolution> Folded = [];

    /// <summary>Applies both; folded in evaluation mode without gradients.</summary>
    /// <param name="convolution">Takes <paramref name="input"/>.</param>
    /// <param name="norm">Of the convolution's output channels.</param>
    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, channels, height, width]. The caller owns it.</returns>
    public static Tensor Call(Conv2d convolution, BatchNorm norm, Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = CanFold(convolution, norm)
            ? Folded.GetOrCreateValue(convolution).Apply(convolution, norm, input)
            : norm.call(KernelConvolution.Call(convolution, input));
        return output.MoveToOuterDisposeScope();
    }

    private static bool CanFold(Conv2d convolution, BatchNorm norm) =>
        !is_grad_enabled() && !norm.training && norm.track_running_stats
            && convolution is { padding_mode: PaddingModes.Zeros, padding_type: null };
}
