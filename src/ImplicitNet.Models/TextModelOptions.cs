using System.Text;
using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// Sizes of a <see cref="TextModel"/>. The defaults, with the 65 characters of a plain English text, have 264,641 parameters, and the
/// explicit twin of one layer as many.
/// </summary>
public sealed record TextModelOptions : ImplicitNetworkOptions
{
    internal const string Name = "text-model";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <summary>
    /// The characters that it reads and writes, each once, in the order of their code points; at least two. The id of a character is its
    /// place.
    /// </summary>
    public required string Characters
    {
        get;
        init
        {
            Rune[] given = [.. value.EnumerateRunes()];
            field = given.Length >= 2 && given.Zip(given.Skip(1)).All(pair => pair.First < pair.Second)
                ? value
                : throw new ArgumentException(
                    "The characters must be two at least, in the order of their code points, each of them once.", nameof(Characters));
            CharacterCount = given.Length;
        }
    }

    /// <summary>How many characters there are.</summary>
    [JsonIgnore]
    public int CharacterCount { get; private init; }

    /// <summary>Channels of a character's latent; 1 to 4096; default 128.</summary>
    public int Channels { get; init => field = Within(value, 1, MostChannels, nameof(Channels)); } = 128;

    /// <summary>Heads of attention, a divisor of the channels; default 4.</summary>
    public int Heads { get; init => field = Within(value, 1, MostChannels, nameof(Heads)); } = 4;

    /// <summary>Channels inside the feed-forward part; 1 to 16384; default 512.</summary>
    public int FeedForward { get; init => field = Within(value, 1, 4 * MostChannels, nameof(FeedForward)); } = 512;

    /// <summary>Characters of a window: as many distances have a bias of their own, and as many are remembered; default 128.</summary>
    public int Length { get; init => field = Within(value, 1, MostLength, nameof(Length)); } = 128;

    /// <summary>Layers of the explicit twin, each with weights of its own; 1 to 256; default 1.</summary>
    public int ExplicitLayers { get; init => field = Within(value, 1, MostLayers, nameof(ExplicitLayers)); } = 1;

    private const int MostLength = 1 << 16;

    /// <summary>
    /// Whether the layer is as published, and a character hears its own latent; default false: it hears the one before, so that there is
    /// one fixed point whatever the weights. See <see cref="EquilibriumTransformer.IsShifted"/>.
    /// </summary>
    public bool Published { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    internal override StoppingRule Rule => new() { MaxSteps = 50 };

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers
    {
        get
        {
            long channels = Channels;
            long layer = (7 * channels * channels) + (2 * channels * FeedForward);
            return ((Explicit ? ExplicitLayers : 1) * layer) + (2 * channels * CharacterCount);
        }
    }

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => TextModel.Create(this);

    internal override void EnsureFits()
    {
        if (Channels % Heads != 0)
        {
            throw new ArgumentException($"The heads must divide the channels. Given: {Heads} heads, {Channels} channels.");
        }
    }

    internal override Tensor TrialInput(Tensor like) =>
        arange(Math.Min(Length, 8), ScalarType.Int64, like.device).remainder(CharacterCount).unsqueeze(0);
}
