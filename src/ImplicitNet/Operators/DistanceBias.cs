using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// What is added to the logits of attention: a number for every head and distance (Raffel et al., 2020), and for tokens that must not be
/// seen one so low that their weights are exactly 0.
/// </summary>
internal sealed class DistanceBias : nn.Module
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;
    private readonly long _reach;
    private readonly bool _isCausal;

    /// <summary>All begin at 0.</summary>
    public DistanceBias(long heads, long reach, bool isCausal, ScalarType dtype)
        : base(nameof(DistanceBias))
    {
        (_reach, _isCausal) = (reach, isCausal);
        using Tensor zero = zeros([heads, isCausal ? reach : (2 * reach) - 1], dtype);
        _weight = new Parameter(zero);
        _weight.DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <summary>Of every token to itself, those before it and, without causality, those behind it.</summary>
    /// <param name="tokens">How many there are.</param>
    /// <param name="memory">How many there are before them.</param>
    /// <returns>[1, heads, tokens, memory + tokens], in the graph where gradients are enabled.</returns>
    public Tensor Between(long tokens, long memory)
    {
        Tensor places = arange(memory + tokens, ScalarType.Int64, _weight.device);
        Tensor distances = places.narrow(0, memory, tokens).unsqueeze(1) - places.unsqueeze(0);
        Tensor numbers = _isCausal ? distances.clamp(0, _reach - 1) : distances.clamp(1 - _reach, _reach - 1) + (_reach - 1);
        Tensor bias = _weight.index_select(1, numbers.flatten()).unflatten(1, [tokens, memory + tokens]);
        return (_isCausal ? bias.masked_fill(distances.lt(0), Lowest(_weight.dtype)) : bias).unsqueeze(0);
    }

    /// <summary>What hides padding: [batch, 1, 1, memory + tokens].</summary>
    /// <param name="present">[batch, tokens], Bool.</param>
    /// <param name="memory">How many tokens there are before them, all of which are seen.</param>
    /// <param name="dtype">Of the logits.</param>
    public static Tensor Padding(Tensor present, long memory, ScalarType dtype)
    {
        Tensor hidden = zeros([present.shape[0], memory + present.shape[1]], dtype, present.device);
        hidden.narrow(1, memory, present.shape[1]).masked_fill_(present.logical_not(), Lowest(dtype));
        return hidden.unsqueeze(1).unsqueeze(1);
    }

    // Not minus infinity: a row in which everything is hidden would be NaN, and two of these are still a number.
    private static double Lowest(ScalarType dtype) => finfo(dtype).min / 4;
}
