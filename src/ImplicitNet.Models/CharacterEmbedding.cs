using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// Q of a <see cref="TextModel"/>: a row of numbers for each character, ids [batch, length] to [batch, length, channels]. Torch's own
/// embedding loses its weight to the dispose scope that it is made in.
/// </summary>
internal sealed class CharacterEmbedding : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    /// <summary>Drawn from a normal distribution.</summary>
    public CharacterEmbedding(long characters, long channels)
        : base(nameof(CharacterEmbedding))
    {
        using Tensor drawn = randn(characters, channels);
        _weight = new Parameter(drawn);
        _weight.DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The input holds no ids of characters, int64.</exception>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        if (input.dtype != ScalarType.Int64 || input.ndim != 2)
        {
            throw new ArgumentException(
                $"A text is ids of characters, [batch, length] Int64. Given: [{string.Join(", ", input.shape)}] {input.dtype}.",
                nameof(input));
        }

        return _weight.index_select(0, input.flatten()).unflatten(0, input.shape).MoveToOuterDisposeScope();
    }
}
