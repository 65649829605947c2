using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Kinds;

/// <summary>The images that a model is tried on.</summary>
internal static class ModelImages
{
    /// <summary>Draws or reads one part of a data set.</summary>
    /// <exception cref="CommandException">The images are of another size than the model takes, or in more classes.</exception>
    public static ImageDataset Load(
        string folder, NetworkConfig config, RunSettings settings, string split, Terminal terminal, CancellationToken cancellation)
    {
        LoadedData data = RunData.Load(settings, terminal, cancellation);
        ImageDataset images = SplitChoice.Of(data.Splits, split);
        EnsureFits(folder, config, images);
        return images;
    }

    /// <summary>The sizes of a model's images.</summary>
    /// <exception cref="CommandException">It takes none.</exception>
    public static ImageSizes Sizes(string folder, NetworkConfig config) => config.Options.Images
        ?? throw new CommandException($"{folder}: a model {config.Architecture}, trained on {config.Data}, "
            + (config.Options is RestorationOptions
                ? "knows no classes: 'implicitnet restore' restores photos by it."
                : config.Options is TextModelOptions
                ? "takes no images: 'implicitnet generate' goes on with a text by it."
                : "takes no images."));

    private static void EnsureFits(string folder, NetworkConfig config, ImageDataset images)
    {
        ImageSizes network = Sizes(folder, config);
        if ((images.Height, images.Width, images.Channels) != (network.Height, network.Width, network.Channels))
        {
            throw new CommandException(
                $"{folder}: the model takes images of {network.Height} x {network.Width} x {network.Channels}; "
                    + $"{images.Name} has images of {images.Height} x {images.Width} x {images.Channels}.");
        }

        if (images.ClassCount != network.Classes)
        {
            throw new CommandException($"{folder}: the model knows {network.Classes} classes; {images.Name} has {images.ClassCount}.");
        }
    }
}
