using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>Lipschitz constants of torch's layers, from L2 to L2 over one sample, and the shapes that they make.</summary>
internal static class LayerRules
{
    // Covers the rounding of a decomposition in float64.
    private const double Rounding = 1 + 1e-11;

    // The largest derivative, at the root of 2 and at 2.3993..., rounded up.
    private const double SlopeOfGelu = 1.12890415;
    private const double SlopeOfSilu = 1.09984;

    /// <summary>Whether a batch normalisation behind a layer is a part of the same affine map: a factor for each of its outputs.</summary>
    public static bool CanFold(nn.Module layer, nn.Module next) =>
        (layer, next) is (Conv2d, BatchNorm2d or BatchNormalization) or (Linear, BatchNorm1d or BatchNormalization);

    /// <summary>The bound of one layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="shape">Of an input without its batch; null where it is not known.</param>
    /// <param name="norm">The batch normalisation behind it that is bounded with it; null for none.</param>
    public static LayerBound Of(nn.Module layer, long[]? shape, BatchNorm? norm = null)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        if (norm is not null && Fault(norm) is { } fault)
        {
            return LayerBound.None(fault);
        }

        Tensor? scale = norm is null ? null : Scale(norm);
        return layer switch
        {
            ILipschitz own => LayerBound.Of(own.CertifyLipschitz(), OutputOf(own, shape)),
            Linear linear => OfLinear(linear, scale, shape),
            Conv2d convolution => OfConvolution(convolution, scale, shape),
            BatchNorm alone => Fault(alone) is { } without ? LayerBound.None(without)
                : LayerBound.Of(Scale(alone).abs().max().ToDouble() * Rounding, shape),
            ReLU or ReLU6 or Tanh or Softsign or Hardtanh => LayerBound.Of(1, shape),
            LeakyReLU leaky => LayerBound.Of(Math.Max(1, Math.Abs(leaky.negative_slope)), shape),
            ELU elu => LayerBound.Of(Math.Max(1, Math.Abs(elu.alpha)), shape),
            Sigmoid => LayerBound.Of(0.25, shape),
            GELU => LayerBound.Of(SlopeOfGelu, shape),
            SiLU => LayerBound.Of(SlopeOfSilu, shape),
            Dropout or Dropout1d or Dropout2d or Dropout3d or AlphaDropout or FeatureAlphaDropout or SampleDropout => layer.training
                ? LayerBound.None("in training mode it is another function at every call: call eval() first")
                : LayerBound.Of(1, shape),
            Identity => LayerBound.Of(1, shape),
            Flatten flatten => LayerBound.Of(1, Flattened(flatten, shape)),
            MaxPool2d pool => OfMaxPool(pool, shape),
            AvgPool2d pool => OfAveragePool(pool, shape),
            _ => LayerBound.None("nothing is known of its Lipschitz constant; a module that knows its own says so by "
                + $"{nameof(ILipschitz)}"),
        };
    }

    /// <summary>The rows of a linear layer as it is applied: [outputs, inputs], float64 on the processor; null of another.</summary>
    /// <returns>The caller owns it.</returns>
    public static Tensor? RowsOf(nn.Module layer)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor? rows = layer switch
        {
            Linear linear => linear.weight,
            BoundedLinear bounded => bounded.NormalizedWeight(),
            _ => null,
        };
        return rows?.detach().to(ScalarType.Float64).cpu().clone().MoveToOuterDisposeScope();
    }

    private static long[]? OutputOf(ILipschitz layer, long[]? shape)
    {
        if (layer is not BoundedModule bounded || shape is null)
        {
            return null;
        }

        long[] input = [1, .. shape];
        return bounded.Wanted(input) is null ? bounded.ShapeOf(input)[1..] : null;
    }

    private static LayerBound OfLinear(Linear linear, Tensor? scale, long[]? shape)
    {
        Tensor weight = linear.weight!.detach().to(ScalarType.Float64).cpu();
        double norm = SpectralNorm.LargestSingularValue(scale is null ? weight : weight * scale.unsqueeze(1));
        return LayerBound.Of(norm * Rounding, shape is null ? null : [.. shape[..^1], linear.out_features]);
    }

    private static LayerBound OfConvolution(Conv2d layer, Tensor? scale, long[]? shape)
    {
        double norm = ConvolutionNorm.Of(layer, scale, shape is [_, var height, var width] ? (height, width) : null);
        return double.IsPositiveInfinity(norm)
            ? LayerBound.None("its kernel is too large to be bounded here")
            : LayerBound.Of(norm, ConvolutionNorm.Output(layer, shape));
    }

    // A difference of maxima is at most the largest difference: a pixel of each window, and a pixel is in so many windows.
    private static LayerBound OfMaxPool(MaxPool2d pool, long[]? shape)
    {
        (long[] kernel, long[] step, long[] padding, long[] dilation) =
            (Two(pool.kernel_size), Two(pool.stride ?? pool.kernel_size), Two(pool.padding ?? [0]), Two(pool.dilation ?? [1]));
        double windows = 1;
        for (int side = 0; side < 2; side++)
        {
            long apart = step[side] / Divisor(step[side], dilation[side]);
            windows *= (kernel[side] + apart - 1) / apart;
        }

        return LayerBound.Of(Math.Sqrt(windows), Pooled(shape, kernel, step, padding, dilation, pool.ceil_mode));
    }

    // The mean of n pixels is, in square, at most a nth of the sum of theirs; windows at an edge may have one.
    private static LayerBound OfAveragePool(AvgPool2d pool, long[]? shape)
    {
        (long[] kernel, long[] step, long[] padding) =
            (Two(pool.kernel_size), Two(pool.stride ?? pool.kernel_size), Two(pool.padding ?? [0]));
        double pixels = kernel[0] * kernel[1];
        double windows = ((kernel[0] + step[0] - 1) / step[0]) * (double)((kernel[1] + step[1] - 1) / step[1]);
        bool mayBeSmaller = pool.ceil_mode || (!pool.count_include_pad && padding.Any(side => side > 0));
        double share = pool.divisor_override is { } divisor ? pixels / divisor / divisor : mayBeSmaller ? 1 : 1 / pixels;
        return LayerBound.Of(Math.Sqrt(windows * share) * Rounding, Pooled(shape, kernel, step, padding, [1, 1], pool.ceil_mode));
    }

    private static long[]? Pooled(long[]? shape, long[] kernel, long[] step, long[] padding, long[] dilation, bool isUp)
    {
        if (shape is not [var channels, var height, var width] || isUp)
        {
            return null;
        }

        return [channels, Side(height, 0), Side(width, 1)];

        long Side(long side, int place) =>
            ((side + (2 * padding[place]) - (dilation[place] * (kernel[place] - 1)) - 1) / step[place]) + 1;
    }

    private static long[]? Flattened(Flatten flatten, long[]? shape) =>
        shape is not null && flatten is { start_dim: 1, end_dim: -1 } ? [shape.Aggregate(1L, (product, side) => product * side)] : null;

    private static string? Fault(BatchNorm norm) =>
        norm.training ? "in training mode it couples the samples of a batch: call eval() first"
        : norm.running_var is null ? "without running statistics it couples the samples of a batch"
        : null;

    /// <summary>What a batch normalisation in evaluation mode multiplies by: [channels], float64 on the processor.</summary>
    private static Tensor Scale(BatchNorm norm)
    {
        Tensor scale = (norm.running_var!.detach().to(ScalarType.Float64).cpu() + norm.eps).rsqrt();
        return norm.affine ? scale * norm.weight!.detach().to(ScalarType.Float64).cpu() : scale;
    }

    private static long[] Two(long[] sides) => sides.Length == 1 ? [sides[0], sides[0]] : sides;

    private static long Divisor(long one, long other) => other == 0 ? one : Divisor(other, one % other);
}
