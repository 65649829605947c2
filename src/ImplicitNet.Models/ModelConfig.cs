using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Models;

/// <summary>What a saved classifier is, beside its weights: all that is needed to build it again and to feed it.</summary>
/// <remarks>Two of the same content are equal.</remarks>
public sealed record ModelConfig
{
    /// <summary>The architecture by its name in <c>config.json</c>: that of <see cref="Network"/>.</summary>
    public string Architecture => Network.Architecture;

    /// <summary>The architecture and its sizes; default: a digit classifier.</summary>
    public ClassifierOptions Network
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Network));
    } = new DigitClassifierOptions();

    /// <summary>The data set that it was trained on: "digits", "mnist", "fashion-mnist", or a name of the caller's.</summary>
    public required string Data { get; init; }

    /// <summary>Means of the training pixels, each byte over 255: one for each channel, or one for all; finite.</summary>
    public required IReadOnlyList<double> PixelMean
    {
        get;
        init => field = Numbers(value, double.IsFinite, nameof(PixelMean), "finite");
    }

    /// <summary>Standard deviations of the training pixels, as many as there are means; above 0 and finite.</summary>
    public required IReadOnlyList<double> PixelDeviation
    {
        get;
        init => field = Numbers(value, number => number is > 0 and < double.PositiveInfinity, nameof(PixelDeviation), "a finite number above 0");
    }

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

    /// <summary>How bytes become what the network takes.</summary>
    /// <exception cref="InvalidOperationException">There is more than one mean: every channel has its own.</exception>
    public PixelNormalization Normalization => (PixelMean.Count, PixelDeviation.Count) == (1, 1)
        ? new PixelNormalization(PixelMean[0], PixelDeviation[0])
        : throw new InvalidOperationException($"The pixels have {PixelMean.Count} means and {PixelDeviation.Count} deviations, one for each channel.");

    /// <summary>Builds the network, with weights drawn from torch's random state. The caller owns it.</summary>
    public ImplicitNetwork CreateNetwork()
    {
        ImplicitNetwork network = Network.CreateNetwork();
        network.Stopping = new StoppingRule { RelativeTolerance = RelativeTolerance, MaxSteps = MaxSteps };
        return network;
    }

    /// <summary>The content of <c>config.json</c>.</summary>
    public string ToJson() => ModelConfigFile.Of(this).ToJson();

    /// <inheritdoc/>
    public bool Equals(ModelConfig? other) =>
        other is not null
        && Network == other.Network
        && Data == other.Data
        && PixelMean.SequenceEqual(other.PixelMean)
        && PixelDeviation.SequenceEqual(other.PixelDeviation)
        && RelativeTolerance.Equals(other.RelativeTolerance)
        && MaxSteps == other.MaxSteps;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Network, Data, PixelMean[0], PixelDeviation[0], RelativeTolerance, MaxSteps);

    private static double[] Numbers(IReadOnlyList<double> numbers, Func<double, bool> isRight, string name, string range)
    {
        ArgumentNullException.ThrowIfNull(numbers, name);
        double[] copy = [.. numbers];
        return copy.Length == 0 ? throw new ArgumentOutOfRangeException(name, $"{name} must have one number, or one for each channel.")
            : Array.TrueForAll(copy, number => isRight(number)) ? copy
            : throw new ArgumentOutOfRangeException(name, copy.First(number => !isRight(number)), $"{name} must be {range}.");
    }
}
