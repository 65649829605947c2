using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Dropout (Srivastava and others, JMLR 2014) whose masks are each sample's own while a <see cref="SampleDraws"/> is open, as it is in the
/// steps of a trainer: neither a sample's place in a batch nor the number of processes changes them. Otherwise it is torch's.
/// </summary>
/// <remarks>In training mode alone; what is kept is divided by 1 - share. It belongs before or behind a fixed point, not into R.</remarks>
public sealed class SampleDropout : nn.Module<Tensor, Tensor>
{
    /// <summary>Creates it.</summary>
    /// <param name="share">Of the numbers that are 0, in [0, 1); default 0.5.</param>
    /// <param name="dropsChannels">Whether whole channels of [batch, channels, ...] are; default false.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public SampleDropout(double share = 0.5, bool dropsChannels = false)
        : base(nameof(SampleDropout))
    {
        (Share, DropsChannels) = (
            share is >= 0 and < 1 ? share : throw new ArgumentOutOfRangeException(nameof(share), share, "The share must be in [0, 1)."),
            dropsChannels);
    }

    /// <summary>The share of the numbers that are 0.</summary>
    public double Share { get; }

    /// <summary>Whether whole channels are.</summary>
    public bool DropsChannels { get; }

    /// <summary>Drops numbers in training mode.</summary>
    /// <param name="input">[batch, ...], or [batch, channels, ...] where channels are dropped; floating point, on any device.</param>
    /// <returns>Like the input. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The input has no batch, or no channels to drop.</exception>
    public override Tensor forward(Tensor input)
    {
        TensorCheck.EnsureBatch(input, nameof(input), "The input");
        if (DropsChannels && input.ndim < 2)
        {
            throw new ArgumentException($"The input must be [batch, channels, ...]. Given: {TensorCheck.Shape(input)}.", nameof(input));
        }

        return training ? Apply(input, Share, DropsChannels) : input.alias();
    }

    /// <summary>Drops numbers, or channels.</summary>
    internal static Tensor Apply(Tensor input, double share, bool dropsChannels)
    {
        if (share == 0)
        {
            return input.alias();
        }

        using DisposeScope scope = NewDisposeScope();
        long[] shape = dropsChannels ? [.. input.shape.Select((side, dimension) => dimension < 2 ? side : 1)] : input.shape;
        if (SampleDraws.TryKeep(shape, share, within: 0) is { } kept)
        {
            return (input * kept.to(input.device).to(input.dtype).div_(1 - share)).MoveToOuterDisposeScope();
        }

        Tensor output = !dropsChannels || input.ndim == 2 ? nn.functional.dropout(input, share)
            : nn.functional.dropout2d(input, share);
        return output.MoveToOuterDisposeScope();
    }
}
