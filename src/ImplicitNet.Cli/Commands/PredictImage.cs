using ImplicitNet.Cli.Images;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>From an image file to what a model takes.</summary>
internal static class PredictImage
{
    /// <summary>
    /// Reads a picture. For a model of grey digits the ground is made black and the ink centred, as in the training data; any other picture
    /// is
    /// scaled, in colour where the model takes colours.
    /// </summary>
    /// <returns>[height, width, channels]; null where a digit is looked for and there is no ink.</returns>
    /// <exception cref="ImageFileException">The file is missing, damaged or no image.</exception>
    /// <exception cref="CommandException">The model takes neither grey images nor red, green and blue.</exception>
    public static byte[]? Read(string path, string folder, ModelConfig config)
    {
        ClassifierOptions network = config.Network;
        bool isDigit = config.Data is DataChoice.Digits or DataChoice.Mnist
            && (network.Height, network.Width) == (DigitImage.Size, DigitImage.Size);
        return network.ImageChannels switch
        {
            1 when isDigit => DigitImage.Read(path).Pixels is { } pixels && pixels.AsSpan().ContainsAnyExcept((byte)0) ? pixels : null,
            1 => ImageFile.ReadGrey(path, network.Height, network.Width).Pixels,
            3 => ImageFile.ReadColour(path, network.Height, network.Width).ToPixels(),
            _ => throw new CommandException(
                $"{folder}: the model takes images of {network.ImageChannels} channels; predict reads grey ones (1) and colours (3)."),
        };
    }

    /// <summary>[images, channels, height, width] in channels-last memory, normalised. The caller owns it.</summary>
    public static Tensor ToTensor(IReadOnlyList<byte[]> images, ModelConfig config)
    {
        int channels = config.Network.ImageChannels;
        float[][] tables = [.. Enumerable.Range(0, channels).Select(config.Normalization.Table)];
        float[] values = [.. images.SelectMany(image => image.Select((value, place) => tables[place % channels][value]))];
        using Tensor pixels = tensor(values, [images.Count, config.Network.Height, config.Network.Width, channels]);
        return pixels.permute(0, 3, 1, 2);
    }
}
