using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Images;

/// <summary>Colour images as tensors of values from 0 to 1, and back.</summary>
internal static class ImageTensor
{
    /// <summary>The planes of an image: [3, height, width], float32. The caller owns it.</summary>
    public static Tensor Of(ColourImage image)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor bytes = tensor(image.ToPixels(), [image.Height, image.Width, 3], ScalarType.Byte);
        return (bytes.permute(2, 0, 1).contiguous().to(ScalarType.Float32) / 255).MoveToOuterDisposeScope();
    }

    /// <summary>The nearest image: values are cut to [0, 1] and rounded to 256 levels; what is no number is black.</summary>
    /// <param name="planes">[3, height, width], or [1, height, width] of a grey one; floating point.</param>
    public static ColourImage ToImage(Tensor planes)
    {
        using DisposeScope scope = NewDisposeScope();
        (int channels, int height, int width) = ((int)planes.shape[0], (int)planes.shape[1], (int)planes.shape[2]);
        Tensor bytes = (planes.detach().cpu().nan_to_num() * 255).round().clamp(0, 255).to(ScalarType.Byte).contiguous();
        byte[] values = bytes.bytes.ToArray();
        GreyImage Plane(int number) =>
            new(values.AsSpan(Math.Min(number, channels - 1) * height * width, height * width).ToArray(), height, width);
        return new ColourImage(Plane(0), Plane(1), Plane(2));
    }
}
