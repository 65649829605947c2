using ImplicitNet.Cli.Images;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>From an image file to what a model takes.</summary>
internal static class PredictImage
{
    // A page that was photographed or packed as JPEG is nowhere one colour quite.
    private const int MostGrain = 4;

    private const string Digit = "one digit, darker or lighter than its ground, was expected";

    /// <summary>
    /// Reads a picture. For a model of grey digits the ground is made black and the ink centred, as in the training data; any other picture
    /// is scaled, in colour where the model takes colours. A file that cannot be read, and a picture that nothing is on, is told by the
    /// result.
    /// </summary>
    /// <exception cref="CommandException">The model takes no images, or neither grey images nor red, green and blue.</exception>
    public static SeenPicture Read(string path, string folder, NetworkConfig config)
    {
        ImageSizes network = ModelImages.Sizes(folder, config);
        if (network.Channels is not (1 or 3))
        {
            throw new CommandException(
                $"{folder}: the model takes images of {network.Channels} channels; predict reads grey ones (1) and colours (3).");
        }

        bool isDigit = config.Data is DataChoice.Digits or DataChoice.Mnist
            && (network.Height, network.Width, network.Channels) == (DigitImage.Size, DigitImage.Size, 1);
        SeenPicture picture = new(path);
        if (Directory.Exists(path))
        {
            return picture with { Status = PredictionResult.Unreadable, Error = PictureFiles.Problem(path) };
        }

        try
        {
            return isDigit ? OfDigit(picture, DigitImage.Read(path)) : Of(picture, network);
        }
        catch (ImageFileException exception)
        {
            return picture with { Status = PredictionResult.Unreadable, Error = exception.Problem };
        }
    }

    private static SeenPicture OfDigit(SeenPicture picture, GreyImage image) => image.Pixels.AsSpan().ContainsAnyExcept((byte)0)
        ? picture with { Pixels = image.Pixels, Ink = InkMeasure.Of(image) }
        : picture with { Status = PredictionResult.NoInk, Error = $"no ink was found; {Digit}." };

    private static SeenPicture Of(SeenPicture picture, ImageSizes network)
    {
        byte[] pixels = network.Channels == 1
            ? ImageFile.ReadGrey(picture.Path, network.Height, network.Width).Pixels
            : ImageFile.ReadColour(picture.Path, network.Height, network.Width).ToPixels();
        bool isSomething = Enumerable.Range(0, network.Channels).Any(channel =>
        {
            byte[] plane = [.. pixels.Where((_, place) => place % network.Channels == channel)];
            return plane.Max() - plane.Min() > MostGrain;
        });
        return isSomething
            ? picture with { Pixels = pixels }
            : picture with { Status = PredictionResult.NoInk, Error = "nothing is on it: it has one colour everywhere." };
    }

    /// <summary>[images, channels, height, width] in channels-last memory, normalised. The caller owns it.</summary>
    public static Tensor ToTensor(IReadOnlyList<byte[]> images, ImageSizes network, PixelNormalization normalization)
    {
        int channels = network.Channels;
        float[][] tables = [.. Enumerable.Range(0, channels).Select(normalization.Table)];
        float[] values = [.. images.SelectMany(image => image.Select((value, place) => tables[place % channels][value]))];
        using Tensor pixels = tensor(values, [images.Count, network.Height, network.Width, channels]);
        return pixels.permute(0, 3, 1, 2);
    }
}
