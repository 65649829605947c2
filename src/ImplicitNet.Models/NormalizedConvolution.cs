using System.Runtime.CompilerServices;
using ImplicitNet.Kernels;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// <c>norm(convolution(x))</c>. Where nothing is trained the batch normalisation is a scale and a shift of every channel, which the convolution's
/// weight and bias take over: one pass less over the images. A 3 x 3 one goes by our own kernel where that is faster.
/// </summary>
internal static class NormalizedConvolution
{
    private static readonly ConditionalWeakTable<Conv2d, RememberedKernel> Kernels = [];

    /// <summary>Applies both; folded in evaluation mode without gradients.</summary>
    /// <param name="convolution">Takes <paramref name="input"/>.</param>
    /// <param name="norm">Of the convolution's output channels.</param>
    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, channels, height, width]. The caller owns it.</returns>
    public static Tensor Call(Conv2d convolution, BatchNorm2d norm, Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = CanFold(convolution, norm) ? Folded(convolution, norm, input) : norm.call(convolution.call(input));
        return output.MoveToOuterDisposeScope();
    }

    private static bool CanFold(Conv2d convolution, BatchNorm2d norm) =>
        !is_grad_enabled() && !norm.training && norm.track_running_stats && convolution is { padding_mode: PaddingModes.Zeros, padding_type: null };

    // norm(y) = (y - mean) scale + shift, y = W x + b. Folded anew in every call: some small tensors, and nothing to go stale.
    private static Tensor Folded(Conv2d convolution, BatchNorm2d norm, Tensor input)
    {
        Tensor scale = (norm.running_var! + norm.eps).rsqrt_();
        if (norm.affine)
        {
            scale = scale.mul_(norm.weight!);
        }

        Tensor bias = convolution.bias is null ? -norm.running_mean! : convolution.bias - norm.running_mean!;
        bias = bias.mul_(scale);
        if (norm.affine)
        {
            bias = bias.add_(norm.bias!);
        }

        Tensor weight = convolution.weight! * scale.reshape(-1, 1, 1, 1);
        if (IsForKernel(convolution, weight, input))
        {
            return Convolve(Kernels.GetOrCreateValue(convolution).Of(weight), input, bias);
        }

        return nn.functional.conv2d(input, weight, bias, convolution.stride, convolution.padding, convolution.dilation, convolution.groups);
    }

    private static bool IsForKernel(Conv2d convolution, Tensor weight, Tensor input) =>
        WinogradConvolution.IsFaster && WinogradConvolution.Fits(weight) && ImageRows.Fit(input, weight.shape[1]) && convolution.groups == 1
        && IsAll(convolution.stride, 1) && IsAll(convolution.padding, 1) && IsAll(convolution.dilation, 1);

    private static bool IsAll(long[]? values, long value) => values is not null && Array.TrueForAll(values, own => own == value);

    private static Tensor Convolve(WinogradConvolution kernel, Tensor input, Tensor bias)
    {
        ImageRows rows = ImageRows.Of(input);
        (Tensor images, ImageRows output) = ImageRows.Empty([input.shape[0], kernel.Outputs, input.shape[2], input.shape[3]]);
        float[] biases = [.. bias.data<float>()];
        rows.ForEach(WinogradConvolution.SamplesAtOnce(rows.Size), (first, count) => kernel.Apply(
            rows.Samples(first, count), output.Samples(first, count), rows.Size, new ChannelActivation(biases, slope: 1)));
        return images;
    }
}
