using System.Globalization;
using ImplicitNet.Files;
using ImplicitNet.Training.Data.Augmentations;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>How a data set is cut into batches.</summary>
public sealed record BatchOptions
{
    /// <summary>How bytes become inputs. Use the same for all parts of a data set: that of the training part.</summary>
    public required PixelNormalization Normalization { get; init; }

    /// <summary>Images in a batch; at least 1, default 100. The last batch of an epoch holds what is left.</summary>
    public int BatchSize
    {
        get;
        init => field = value is >= 1 ? value : throw Refused(nameof(BatchSize), value, "at least 1");
    } = 100;

    /// <summary>Seed of the order of the epochs and of the augmentations; any value, default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>
    /// Largest random shift of a training image along each axis, in pixels; 0 (none, the default) to 16. Shorthand for a
    /// <see cref="RandomShift"/> before all <see cref="Augmentations"/>, which must then contain none.
    /// </summary>
    public int MaximumShift
    {
        get;
        init => field = value is >= 0 and <= 16 ? value : throw Refused(nameof(MaximumShift), value, "0 to 16");
    }

    /// <summary>
    /// How training images are changed at random, in this order, after normalisation; none by default. Only
    /// <see cref="BatchSource.Epoch"/> augments.
    /// </summary>
    public AugmentationList Augmentations
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Augmentations));
    } = [];

    /// <summary>Where the tensors are made; default the processor.</summary>
    public Device Device { get; init; } = CPU;

    /// <summary>
    /// All options as text. Checkpoints recognise their batches by it, so the text of batches without augmentations never changes.
    /// </summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{nameof(BatchOptions)} {{ Normalization = {Normalization}, BatchSize = {BatchSize}, Seed = {Seed}, "
            + $"MaximumShift = {MaximumShift}, {(Augmentations.Count == 0 ? "" : $"Augmentations = {Augmentations}, ")}Device = {Device} "
            + $"}}");

    private static ArgumentOutOfRangeException Refused(string name, int value, string range) =>
        new(name, value, $"{name} must be {range}.");
}
