using ImplicitNet.Models;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Commands;

/// <summary>Whether images are of the kind that a model takes.</summary>
internal static class ModelImages
{
    /// <exception cref="CommandException">They are of another size, or in more classes.</exception>
    public static void EnsureFits(string folder, ModelConfig config, ImageDataset images)
    {
        ClassifierOptions network = config.Network;
        if ((images.Height, images.Width, images.Channels) != (network.Height, network.Width, network.ImageChannels))
        {
            throw new CommandException(
                $"{folder}: the model takes images of {network.Height} x {network.Width} x {network.ImageChannels}; {images.Name} has images of {images.Height} x {images.Width} x {images.Channels}.");
        }

        if (images.ClassCount != network.Classes)
        {
            throw new CommandException($"{folder}: the model knows {network.Classes} classes; {images.Name} has {images.ClassCount}.");
        }
    }
}
