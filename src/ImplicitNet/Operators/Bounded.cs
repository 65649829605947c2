using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>Makes bounded modules of layers that are there already, such as those of a network that was trained without a bound.</summary>
public static class Bounded
{
    /// <summary>The layer divided by the bound of its norm, its bias included, as it is now; both are trained on from there.</summary>
    /// <param name="layer">
    /// A Linear, or a Conv2d that keeps the size of images: stride and dilation 1, one group, zeros for padding, as many as the radius of a
    /// square kernel of an odd side. Copied, and not changed.
    /// </param>
    /// <param name="imageSize">(height, width) if all images of a convolution have this one size. Default: a bound for all sizes.</param>
    /// <returns>
    /// A <see cref="BoundedLinear"/> or a <see cref="BoundedConvolution"/>; with a bias one in a <see cref="BoundedSequence"/>.
    /// </returns>
    /// <exception cref="ArgumentException">The layer is another, or cannot be bounded (<see cref="BoundedConvolution"/>).</exception>
    public static BoundedModule Of(nn.Module layer, (int Height, int Width)? imageSize = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        (BoundedLayer bounded, Parameter weight, Parameter? bias) = layer switch
        {
            Linear linear when imageSize is null =>
                (new BoundedLinear(linear.in_features, linear.out_features, linear.weight!.dtype), linear.weight, linear.bias),
            Conv2d convolution when KeepsSize(convolution) =>
                ((BoundedLayer)new BoundedConvolution(
                    convolution.in_channels, convolution.out_channels, (int)convolution.kernel_size[0], imageSize,
                    convolution.weight!.dtype), convolution.weight, convolution.bias),
            _ => throw new ArgumentException(
                $"A {layer.GetName()} such as this cannot be bounded: Linear and Conv2d of stride 1 that keeps the size of images can, "
                    + "and other layers are made bounded from the start, as by BoundedStridedConvolution.",
                nameof(layer)),
        };
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        bounded.to(weight.device);
        bounded.Weight.copy_(weight);
        if (bias is null)
        {
            return bounded;
        }

        double length = linalg.vector_norm(weight.to(ScalarType.Float64)).ToDouble();
        double kept = linalg.vector_norm(bounded.NormalizedWeight().to(ScalarType.Float64)).ToDouble();
        return new BoundedSequence([bounded, new BoundedShift(bias * (length > 0 ? kept / length : 1), weight.ndim == 4)]);
    }

    private static bool KeepsSize(Conv2d layer) =>
        layer.kernel_size is [var side, var other] && side == other && side % 2 == 1 && layer.groups == 1
        && layer.stride.All(stride => stride == 1) && layer.dilation.All(dilation => dilation == 1)
        && layer.padding_mode == PaddingModes.Zeros
        && (layer.padding_type is { } named
            ? named == TorchSharp.Padding.Same
            : layer.padding is { } padding && padding.All(zeros => zeros == side / 2));
}
