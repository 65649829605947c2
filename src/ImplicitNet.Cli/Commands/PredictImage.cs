using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Training.Images;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>From an image file to what a model takes.</summary>
internal static class PredictImage
{
    /// <summary>Reads a picture. Of a digit the ground is made black and the ink centred, as in the training data; any other is scaled.</summary>
    /// <exception cref="ImageFileException">The file is missing, damaged or no image.</exception>
    /// <exception cref="CommandException">The model takes colours.</exception>
    public static GreyImage Read(string path, string folder, ModelConfig config)
    {
        if (config.Network.ImageChannels != 1)
        {
            throw new CommandException($"{folder}: the model takes images of {config.Network.ImageChannels} channels; predict reads grey ones only.");
        }

        bool isDigit = config.Data is DataChoice.Digits or DataChoice.Mnist && (config.Network.Height, config.Network.Width) == (DigitImage.Size, DigitImage.Size);
        return isDigit ? DigitImage.Read(path) : ImageFile.ReadGrey(path, config.Network.Height, config.Network.Width);
    }

    /// <summary>[images, 1, height, width], normalised. The caller owns it.</summary>
    public static Tensor ToTensor(IReadOnlyList<GreyImage> images, ModelConfig config)
    {
        float[] table = config.Normalization.Table();
        float[] values = [.. images.SelectMany(image => image.Pixels).Select(pixel => table[pixel])];
        return tensor(values, [images.Count, 1, config.Network.Height, config.Network.Width]);
    }
}
