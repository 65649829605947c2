using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// What an <see cref="EquilibriumTransformer"/> keeps of the tokens before those that it solves for: their fixed points, and their q. Keys
/// and values are made of both; its first token is taken for the first of all.
/// </summary>
public sealed record SequenceMemory
{
    /// <summary>Creates the memory of a segment that was solved.</summary>
    /// <param name="latent">u*: [batch, tokens, channels]. The caller keeps it.</param>
    /// <param name="encoded">q: the same shape, dtype and device. The caller keeps it.</param>
    /// <exception cref="ArgumentException">They are no segments of one shape, dtype and device.</exception>
    public SequenceMemory(Tensor latent, Tensor encoded)
    {
        TensorCheck.EnsureBatch(latent, nameof(latent), "u* of the memory");
        TensorCheck.EnsureBatch(encoded, nameof(encoded), "q of the memory");
        if (latent.ndim != 3 || !IsLike(encoded, latent) || encoded.shape[1] != latent.shape[1])
        {
            throw new ArgumentException(
                "A memory is u* and q of one segment, [batch, tokens, channels] each, of one dtype and device. "
                    + $"Given: {TensorCheck.Describe(latent)} and {TensorCheck.Describe(encoded)}.",
                nameof(encoded));
        }

        (Latent, Encoded) = (latent, encoded);
    }

    /// <summary>u*: [batch, tokens, channels].</summary>
    public Tensor Latent { get; }

    /// <summary>q: [batch, tokens, channels].</summary>
    public Tensor Encoded { get; }

    /// <summary>Number of tokens.</summary>
    public long Tokens => Latent.shape[1];

    /// <summary>This memory with a segment behind it, of which the last tokens are kept.</summary>
    /// <param name="next">What comes next. The caller keeps it.</param>
    /// <param name="most">How many tokens are kept at most; at least 0.</param>
    /// <returns>A new memory. The caller owns both of its tensors.</returns>
    /// <exception cref="ArgumentException">The segments do not go together.</exception>
    public SequenceMemory Then(SequenceMemory next, long most)
    {
        ArgumentNullException.ThrowIfNull(next);
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        if (!IsLike(next.Latent, Latent))
        {
            throw new ArgumentException(
                $"The segment is {TensorCheck.Describe(next.Latent)}, the memory before it {TensorCheck.Describe(Latent)}: "
                    + "they must have one batch, channels, dtype and device.",
                nameof(next));
        }

        return new SequenceMemory(Last(Latent, next.Latent), Last(Encoded, next.Encoded));

        Tensor Last(Tensor before, Tensor after)
        {
            using Tensor all = cat([before, after], 1);
            long kept = Math.Min(most, all.shape[1]);
            return all.narrow(1, all.shape[1] - kept, kept);
        }
    }

    /// <summary>Whether a segment, of any number of tokens, goes together with another.</summary>
    internal static bool IsLike(Tensor segment, Tensor other) =>
        segment.ndim == 3 && (segment.shape[0], segment.shape[2], segment.dtype) == (other.shape[0], other.shape[2], other.dtype)
            && TensorCheck.IsOnDeviceOf(segment, other);
}
