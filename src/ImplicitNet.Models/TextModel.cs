using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// An implicit network that predicts the next character of a text at every place of it: an embedding, an
/// <see cref="EquilibriumTransformer"/> that looks back alone, and one linear readout.
/// </summary>
/// <remarks>
/// Input: [batch, length] ids of characters, int64; output: logits [batch, length, characters]. The id of a
/// character is its place in <see cref="TextModelOptions.Characters"/>.
/// </remarks>
public static class TextModel
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Characters and sizes.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The sizes do not go together.</exception>
    public static ImplicitNetwork Create(TextModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.EnsureFits();
        options.EnsureSize();
        using DisposeScope scope = NewDisposeScope();
        LatentOperator latent = options.Explicit
            ? new TransformerStack(
                options.ExplicitLayers, options.Channels, options.Heads, options.FeedForward, !options.Published, options.Length)
            : new EquilibriumTransformer(
                options.Channels, options.Heads, options.FeedForward, isShifted: !options.Published, reach: options.Length);
        return options.Join(
            new CharacterEmbedding(options.CharacterCount, options.Channels), latent, nn.Linear(options.Channels, options.CharacterCount));
    }
}
