using System.Text.Json;
using ImplicitNet.Files;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// The description of a saved network, apart from its weights: all that is needed to build it again and to prepare its inputs. One sealed
/// record for each way in which networks compute.
/// </summary>
public abstract record NetworkConfig
{
    private protected NetworkConfig()
    {
    }

    /// <summary>The architecture and its sizes.</summary>
    public abstract NetworkOptions Options { get; }

    /// <summary>The architecture by its name in <c>config.json</c>.</summary>
    public string Architecture => Options.Architecture;

    /// <summary>
    /// What it was trained on: "digits", "mnist", "fashion-mnist", "cifar10", "svhn", "mazes:9", "sums:32", "annuli", the path of a
    /// table, or any other name.
    /// </summary>
    public required string Data { get; init; }

    /// <summary>
    /// Mean of the training pixels, each byte over 255; finite. One for each channel of an image, or one for all. A network of images
    /// needs it; for every other it is null, the default.
    /// </summary>
    public ChannelValues? PixelMean
    {
        get;
        init => field = value?.All(double.IsFinite) != false
            ? value
            : throw new ArgumentOutOfRangeException(nameof(PixelMean), $"PixelMean must be finite; it is {value}.");
    }

    /// <summary>
    /// Standard deviation of the training pixels; above 0 and finite. As many as there are means, and null where there is none.
    /// </summary>
    public ChannelValues? PixelDeviation
    {
        get;
        init => field = value?.All(number => number is > 0 and < double.PositiveInfinity) != false
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(PixelDeviation), $"PixelDeviation must be a finite number above 0; it is {value}.");
    }

    /// <summary>How pixels become the network's input.</summary>
    /// <exception cref="ArgumentException">Means and deviations are missing, or do not match each other or the network.</exception>
    /// <exception cref="InvalidOperationException">The network takes no images.</exception>
    public PixelNormalization Normalization
    {
        get
        {
            if (Options.Images is not { } images)
            {
                throw new InvalidOperationException($"A network {Architecture} takes no images: it has no pixels to normalise.");
            }

            ChannelValues mean = PixelMean ?? throw Missing(nameof(PixelMean));
            ChannelValues deviation = PixelDeviation ?? throw Missing(nameof(PixelDeviation));
            return mean.Fit(images.Channels)
                ? new PixelNormalization(mean, deviation)
                : throw new ArgumentException(
                    $"PixelMean must be one number or {images.Channels}, one for each channel; it is {mean}.");
        }
    }

    /// <summary>Relative tolerance; at least 0, dimensionless.</summary>
    public abstract double RelativeTolerance { get; init; }

    /// <summary>Absolute tolerance, added to the relative one; at least 0 and finite, in the units of the latent or state.</summary>
    public abstract double AbsoluteTolerance { get; init; }

    /// <summary>Steps that a sample takes at most; at least 1.</summary>
    public abstract int MaxSteps { get; init; }

    /// <summary>Builds the network, with weights drawn from torch's random state and its settings. The caller owns it.</summary>
    /// <exception cref="ArgumentException">Its values do not go together.</exception>
    public abstract nn.Module<Tensor, Tensor> CreateNetwork();

    /// <summary>The content of <c>config.json</c>.</summary>
    /// <exception cref="ArgumentException">Its values do not go together, such as pixel means that do not fit the network.</exception>
    public string ToJson()
    {
        EnsureFits();
        NetworkConfigFile file = ToFile() with
        {
            Architecture = Architecture,
            Network = JsonSerializer.SerializeToElement(Options, Options.GetType(), NetworkConfigFile.Options),
            PixelMean = PixelMean!,
            PixelDeviation = PixelDeviation!,
            RelativeTolerance = RelativeTolerance,
            AbsoluteTolerance = AbsoluteTolerance,
            MaxSteps = MaxSteps,
        };
        return file.ToJson();
    }

    /// <summary>The file with what the leaf alone knows.</summary>
    private protected abstract NetworkConfigFile ToFile();

    /// <summary>Refuses what does not go together, such as a normalisation of a network that takes no images.</summary>
    /// <exception cref="ArgumentException">It does not.</exception>
    internal void EnsureFits()
    {
        Options.EnsureFits();
        if (Options.Images is not null)
        {
            _ = Normalization;
        }
        else if ((PixelMean ?? PixelDeviation) is { } pixels)
        {
            string name = PixelMean is null ? nameof(PixelDeviation) : nameof(PixelMean);
            throw new ArgumentException($"{name} is {pixels}, and a network {Architecture} takes no images: leave it out.");
        }
    }

    private static ArgumentException Missing(string name) => new($"{name} is missing, and a network of images needs it.");
}
