using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// An upper bound in float64 of the operator norm of any torch convolution of images: every stride, padding, dilation and number of groups.
/// </summary>
/// <remarks>
/// A convolution of stride s is one of stride 1 on blocks of s x s pixels (<see cref="Polyphase"/>); a dilated kernel is a larger one with
/// zeros; groups are blocks of a diagonal. With zeros for padding, images of n pixels a side, padded by p, are a part of a torus of n + p
/// or more, whose norm is the largest singular value of the symbol over its frequencies. Images of any size have the bound of
/// <see cref="FrequencyGrid"/>. Circular padding that keeps images is the torus of the image itself. Other padding copies pixels: a
/// convolution without padding, times the root of how often a pixel is there.
/// </remarks>
internal static class ConvolutionNorm
{
    // Frequencies along a side, for each unit of the kernel's radius, where images are of any size, or of more: 0.2 % above.
    private const int Grid = 64;

    // Of symbols in complex float64: 2 GiB.
    private const double MostNumbers = 1 << 27;

    // Multiplications of decompositions: some ten seconds. Above it the bound is that of repeated squaring, at most 2 % higher.
    private const double MostWork = 2e10;

    // Covers the rounding of a decomposition in float64.
    private const double Rounding = 1 + 1e-11;

    /// <summary>The bound; NaN where the kernel is not finite, infinity where there are too many numbers.</summary>
    /// <param name="layer">The convolution.</param>
    /// <param name="scale">What its outputs are multiplied by: [outputs], float64 on the processor; null for 1.</param>
    /// <param name="size">Of images; null for all.</param>
    public static double Of(Conv2d layer, Tensor? scale, (long Height, long Width)? size)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor kernel = layer.weight!.detach().to(ScalarType.Float64).cpu();
        kernel = Dilated(scale is null ? kernel : kernel * scale.reshape(-1, 1, 1, 1), layer.dilation);
        if (!kernel.isfinite().all().ToBoolean())
        {
            return double.NaN;
        }

        long[] padding = [Padding(layer, kernel, 0), Padding(layer, kernel, 1)];
        long[]? sides = size is (long height, long width) ? [height, width] : null;
        double copies = 1;
        long[]? torus = sides is null ? null : [sides[0] + padding[0], sides[1] + padding[1]];
        if (layer.padding_mode != PaddingModes.Zeros)
        {
            bool isTorus = layer.padding_mode == PaddingModes.Circular && sides is not null && Enumerable.Range(0, 2).All(side =>
                sides[side] % layer.stride[side] == 0 && padding[side] <= sides[side] && 2 * padding[side] == kernel.shape[2 + side] - 1);
            copies = isTorus ? 1 : Copies(layer.padding_mode, padding[0], sides?[0]) * Copies(layer.padding_mode, padding[1], sides?[1]);
            torus = isTorus ? sides : sides is null ? null : [sides[0] + (2 * padding[0]), sides[1] + (2 * padding[1])];
        }

        double bound = Torus(kernel, layer.groups, layer.stride, torus);
        bool isPart = sides is not null && layer is { groups: 1, padding_mode: PaddingModes.Zeros } && layer.stride.All(step => step == 1)
            && Enumerable.Range(0, 2).All(side => kernel.shape[2 + side] % 2 == 1 && padding[side] <= kernel.shape[2 + side] / 2);

        // Rows of the convolution that keeps the size of images.
        return Math.Sqrt(copies) * (isPart ? PaddedNorm.Tightened(kernel, ((int)sides![0], (int)sides[1]), bound) : bound);
    }

    /// <summary>The shape of an output without its batch; null where that of the input is not known, or is none.</summary>
    public static long[]? Output(Conv2d layer, long[]? input)
    {
        if (input is not [_, var height, var width])
        {
            return null;
        }

        long[] sides = [height, width];
        for (int side = 0; side < 2; side++)
        {
            long reach = layer.dilation[side] * (layer.kernel_size[side] - 1);
            long both = layer.padding_type == TorchSharp.Padding.Same ? reach
                : layer.padding_type == TorchSharp.Padding.Valid ? 0 : 2 * layer.padding![side];
            sides[side] = ((sides[side] + both - reach - 1) / layer.stride[side]) + 1;
        }

        return [layer.out_channels, .. sides];
    }

    /// <summary>Pixels before an image, or behind it where there are more.</summary>
    private static long Padding(Conv2d layer, Tensor kernel, int side) =>
        layer.padding_type == TorchSharp.Padding.Same ? kernel.shape[2 + side] / 2
        : layer.padding_type == TorchSharp.Padding.Valid ? 0
        : layer.padding![side];

    /// <summary>How often a pixel is there along a side of a padded image, at most.</summary>
    private static double Copies(PaddingModes mode, long padding, long? side) =>
        padding == 0 ? 1
        : mode == PaddingModes.Replicate ? (side > 1 ? 1 : 1 + padding) + padding
        : (2 * padding) + 2 <= side ? 2 : 3;

    private static Tensor Dilated(Tensor kernel, long[] dilation)
    {
        if (dilation.All(step => step == 1))
        {
            return kernel;
        }

        Tensor wide = zeros(
            [kernel.shape[0], kernel.shape[1], (dilation[0] * (kernel.shape[2] - 1)) + 1, (dilation[1] * (kernel.shape[3] - 1)) + 1],
            ScalarType.Float64);
        wide.slice(2, 0, wide.shape[2], dilation[0]).slice(3, 0, wide.shape[3], dilation[1]).copy_(kernel);
        return wide;
    }

    /// <summary>The bound of a convolution with zeros around images that lie on a torus; null for images of any size.</summary>
    private static double Torus(Tensor kernel, long groups, long[] stride, long[]? torus)
    {
        Tensor blocks = Blocks(kernel, stride);
        (int Height, int Width) side = ((int)blocks.shape[2], (int)blocks.shape[3]);
        (int high, int wide) = (Grid * Math.Max(1, side.Height / 2), Grid * Math.Max(1, side.Width / 2));
        (int Height, int Width) grid = (high, wide);
        double correction = Math.Cos(Math.PI * (side.Height / 2) / high) * Math.Cos(Math.PI * (side.Width / 2) / wide);
        if (torus is not null)
        {
            (long height, long width) = ((torus[0] + stride[0] - 1) / stride[0], (torus[1] + stride[1] - 1) / stride[1]);
            if ((double)height * width <= (double)high * wide)
            {
                (grid, correction) = (((int)height, (int)width), 1);
            }
        }

        double count = grid.Height * (double)grid.Width / 2;
        (double rows, double columns) = (blocks.shape[0] / groups, blocks.shape[1]);
        if (count * blocks.shape[0] * columns > MostNumbers)
        {
            return double.PositiveInfinity;
        }

        // Rows of a group are in a row.
        Tensor symbols = new TorusFrequencies(grid, side).Symbols(blocks).reshape(-1, (long)rows, (long)columns);
        double norm = count * groups * rows * columns * Math.Min(rows, columns) <= MostWork
            ? SpectralNorm.LargestSingularValue(symbols)
            : Squared(symbols);
        return norm / correction * Rounding;
    }

    private static double Squared(Tensor symbols)
    {
        (int index, double estimate) = SpectralNorm.Largest(symbols);
        return SpectralNorm.UpperBound(symbols[index], estimate).ToDouble();
    }

    /// <summary>The kernel on blocks of pixels, its sides odd: where it lies in them changes no norm.</summary>
    private static Tensor Blocks(Tensor kernel, long[] stride)
    {
        (long high, long wide) = (Blocks(kernel.shape[2], stride[0]), Blocks(kernel.shape[3], stride[1]));
        return nn.functional.pad(kernel, [0, (wide * stride[1]) - kernel.shape[3], 0, (high * stride[0]) - kernel.shape[2]])
            .reshape(kernel.shape[0], kernel.shape[1], high, stride[0], wide, stride[1])
            .permute(0, 1, 3, 5, 2, 4)
            .reshape(kernel.shape[0], kernel.shape[1] * stride[0] * stride[1], high, wide);
    }

    private static long Blocks(long side, long stride) => ((side + stride - 1) / stride) is var count && count % 2 == 0 ? count + 1 : count;
}
