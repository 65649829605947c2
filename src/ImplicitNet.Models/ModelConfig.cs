using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Models;

/// <summary>What a saved classifier is, beside its weights: all that is needed to build it again and to feed it.</summary>
public sealed record ModelConfig
{
    /// <summary>The name of the one architecture there is.</summary>
    public const string DigitClassifierName = "digit-classifier";

    /// <summary>Version of this file's format; 1.</summary>
    public int Format
    {
        get;
        init => field = value == 1 ? value : throw new ArgumentOutOfRangeException(nameof(Format), value, "Format must be 1.");
    } = 1;

    /// <summary>The architecture; "digit-classifier".</summary>
    public string Architecture
    {
        get;
        init => field = value == DigitClassifierName
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Architecture), value, $"Architecture must be \"{DigitClassifierName}\".");
    } = DigitClassifierName;

    /// <summary>The sizes of the network.</summary>
    public DigitClassifierOptions Network
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Network));
    } = new();

    /// <summary>The data set that it was trained on: "digits", "mnist", "fashion-mnist", "cifar10", "svhn", or a name of the caller's.</summary>
    public required string Data { get; init; }

    /// <summary>Mean of the training pixels, each byte over 255; finite. One for each channel of an image, or one for all.</summary>
    public required ChannelValues PixelMean
    {
        get;
        init => field = value.All(double.IsFinite) ? value : throw new ArgumentOutOfRangeException(nameof(PixelMean), $"PixelMean must be finite; it is {value}.");
    }

    /// <summary>Standard deviation of the training pixels; above 0 and finite. As many as there are means.</summary>
    public required ChannelValues PixelDeviation
    {
        get;
        init => field = value.All(number => number is > 0 and < double.PositiveInfinity)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(PixelDeviation), $"PixelDeviation must be a finite number above 0; it is {value}.");
    }

    /// <summary>How pixels become the network's input.</summary>
    /// <exception cref="ArgumentException">Means and deviations do not fit each other or the network.</exception>
    [JsonIgnore]
    public PixelNormalization Normalization => PixelMean.Fit(Network.ImageChannels)
        ? new PixelNormalization(PixelMean, PixelDeviation)
        : throw new ArgumentException($"PixelMean must be one number or {Network.ImageChannels}, one for each channel; it is {PixelMean}.");

    /// <summary>Relative tolerance of the solve, in [0, 1), dimensionless; default 1e-3.</summary>
    public double RelativeTolerance
    {
        get;
        init => field = new StoppingRule { RelativeTolerance = value }.RelativeTolerance!.Value;
    } = 1e-3;

    /// <summary>Step limit of the solve; at least 1; default 100.</summary>
    public int MaxSteps
    {
        get;
        init => field = new StoppingRule { MaxSteps = value }.MaxSteps;
    } = 100;

    /// <summary>Builds the network, with weights drawn from torch's random state. The caller owns it.</summary>
    public ImplicitNetwork CreateNetwork()
    {
        ImplicitNetwork network = DigitClassifier.Create(Network);
        network.Stopping = new StoppingRule { RelativeTolerance = RelativeTolerance, MaxSteps = MaxSteps };
        return network;
    }
}
