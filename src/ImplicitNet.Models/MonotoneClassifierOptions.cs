using System.Text.Json;
using System.Text.Json.Serialization;
using ImplicitNet.Networks;

namespace ImplicitNet.Models;

/// <summary>
/// Sizes of a <see cref="MonotoneClassifier"/>. The defaults are for grey images of 28 x 28 in 10 classes: latents of 32 x 9 x 9,
/// 49,210 parameters. Latents must have sides of at least 2 k - 1, 5 for kernels of 3 x 3.
/// </summary>
public sealed record MonotoneClassifierOptions() : ClassifierOptions(leastSide: 1, side: 28, imageChannels: 1)
{
    internal const string Name = "monotone-classifier";

    /// <summary>The limit of the norm of I - W, over m, where nobody chose.</summary>
    internal const double DefaultCondition = 4;

    private const int MostPooling = 64;
    private const int MostKernel = 31;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <inheritdoc/>
    [JsonIgnore]
    public override (int Channels, int Height, int Width) LatentShape =>
        (LatentChannels, Height / HiddenPooling / Pooling, Width / HiddenPooling / Pooling);

    /// <summary>
    /// The monotonicity m of I - W, above 0 and finite, dimensionless; default 1. The larger, the fewer steps, and the less u* depends on
    /// W.
    /// </summary>
    public double Monotonicity
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Monotonicity), value, "The monotonicity must be above 0 and finite.");
    } = 1;

    /// <summary>
    /// A limit of the norm of I - W, above m, so that training makes solves no longer than it says; infinity for none; null, the default,
    /// for 4 m, some 20 steps of Peaceman-Rachford splitting to a thousandth of the distance. See
    /// <see cref="Operators.MonotoneConvolution"/>.
    /// </summary>
    /// <remarks>In a file null stands for none, and what is not there for 4 m.</remarks>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonConverter(typeof(LimitConverter))]
    public double? Lipschitz
    {
        get;
        init => field = value is null or > 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Lipschitz), value, "The limit of the norm must be above m.");
    }

    /// <summary>Channels of the latent; 1 to 4096; default 32.</summary>
    public int LatentChannels { get; init => field = Within(value, 1, MostChannels, nameof(LatentChannels)); } = 32;

    /// <summary>k, the side of the kernels of A and B, odd; default 3: W itself has one of 2 k - 1.</summary>
    public int KernelSize
    {
        get;
        init => field = Within(value, 1, MostKernel, nameof(KernelSize)) is var side && side % 2 == 1
            ? side
            : throw new ArgumentOutOfRangeException(nameof(KernelSize), value, "The kernel's side must be odd.");
    } = 3;

    /// <summary>Channels of a convolution before the one that gives q; 0, for none, to 4096; default 16.</summary>
    public int HiddenChannels { get; init => field = Within(value, 0, MostChannels, nameof(HiddenChannels)); } = 16;

    /// <summary>By how much that convolution's sides are pooled, by the maximum; 1 to 64; default 3. 1 where there is none.</summary>
    public int HiddenPooling { get => HiddenChannels == 0 ? 1 : field; init => field = Pool(value, nameof(HiddenPooling)); } = 3;

    /// <summary>By how much the sides of q are pooled, by the maximum; 1 to 64; default 1.</summary>
    public int Pooling { get; init => field = Pool(value, nameof(Pooling)); } = 1;

    /// <summary>By how much the sides of u* are pooled before the linear layer, by the mean; 1 to 64; default 1.</summary>
    public int ReadoutPooling { get; init => field = Pool(value, nameof(ReadoutPooling)); } = 1;

    /// <summary>Share of the readout's numbers dropped in training, in [0, 1); default 0.2.</summary>
    public double Dropout
    {
        get;
        init => field = value is >= 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Dropout), value, "The dropout must be in [0, 1).");
    } = 0.2;

    /// <inheritdoc/>
    [JsonIgnore]
    internal override string DefaultSolver => Explicit ? SolverChoice.Default : SolverChoice.PeacemanRachford;

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers
    {
        get
        {
            long encoder = HiddenChannels == 0
                ? Convolution(ImageChannels, LatentChannels)
                : Convolution(ImageChannels, HiddenChannels) + Convolution(HiddenChannels, LatentChannels);
            return encoder + (2 * Convolution(LatentChannels, LatentChannels, KernelSize)) + (ReadoutInputs * Classes);
        }
    }

    /// <summary>Numbers that the linear layer takes.</summary>
    [JsonIgnore]
    internal long ReadoutInputs =>
        (long)LatentChannels * (LatentShape.Height / ReadoutPooling) * (LatentShape.Width / ReadoutPooling);

    /// <summary>The limit as a layer takes it: null for none.</summary>
    [JsonIgnore]
    internal double? Limit => (Lipschitz ?? (DefaultCondition * Monotonicity)) is var limit && double.IsFinite(limit) ? limit : null;

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => MonotoneClassifier.Create(this);

    /// <inheritdoc/>
    internal override void EnsureFits()
    {
        if (Lipschitz <= Monotonicity)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"{nameof(Lipschitz)} is {Lipschitz}, and the monotonicity {Monotonicity}: the limit must be above it."));
        }

        (_, int height, int width) = LatentShape;
        int least = Math.Max((2 * KernelSize) - 1, ReadoutPooling);
        if (Math.Min(height, width) < least)
        {
            throw new ArgumentException(
                $"Images of {Height} x {Width} leave latents of {height} x {width}; kernels of {KernelSize} x {KernelSize} and a readout "
                    + $"pooled by {ReadoutPooling} need at least {least} x {least}. Lower {nameof(HiddenPooling)} or {nameof(Pooling)}.");
        }
    }

    private static int Pool(int value, string name) => Within(value, 1, MostPooling, name);

    /// <summary>Infinity is null in a file.</summary>
    private sealed class LimitConverter : JsonConverter<double?>
    {
        public override bool HandleNull => true;

        public override double? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.PositiveInfinity : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double? value, JsonSerializerOptions options)
        {
            if (value is { } limit && double.IsFinite(limit))
            {
                writer.WriteNumberValue(limit);
            }
            else
            {
                writer.WriteNullValue();
            }
        }
    }
}
