using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The weights of attention, <c>softmax(Q K^T / sqrt(d))</c> with Q and K linear in q, head by head: what an
/// <see cref="AttentionOperator"/> mixes tokens by.
/// </summary>
/// <remarks>
/// Rows sum to 1. With rounds of balancing (Sinkhorn and Knopp, 1967) columns nearly do, too, so that an operator that contracts in L2
/// divides by hardly more than 1, and a token that all others look at does not weaken them all; in the largest token rows are enough.
/// Causal weights are 0, exactly, for all later tokens.
/// </remarks>
public sealed class AttentionWeights : nn.Module<Tensor, Tensor>
{
    private const int DefaultRounds = 3;

    [ComponentName(Name = "queries")]
    private readonly Linear _queries;
    [ComponentName(Name = "keys")]
    private readonly Linear _keys;
    private readonly long _heads;
    private readonly int _rounds;
    private readonly bool _isCausal;

    /// <summary>Creates the module, its parameters drawn as those of torch.nn.Linear.</summary>
    /// <param name="channels">Of q; at least 1.</param>
    /// <param name="heads">A divisor of the channels; default 1.</param>
    /// <param name="rounds">Rounds of balancing, by columns and then by rows; at least 0; default 3, and 0 of causal weights.</param>
    /// <param name="dtype">Dtype of the parameters, and of q.</param>
    /// <param name="isCausal">Whether a token looks at itself and those before it alone; by default it looks at all.</param>
    /// <exception cref="ArgumentException">
    /// A number is out of its range, or there are rounds of causal weights: a column tells a token how much later ones look at it.
    /// </exception>
    public AttentionWeights(
        long channels, long heads = 1, int? rounds = null, ScalarType dtype = ScalarType.Float32, bool isCausal = false)
        : base(nameof(AttentionWeights))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        int balancing = rounds ?? (isCausal ? 0 : DefaultRounds);
        ArgumentOutOfRangeException.ThrowIfNegative(balancing, nameof(rounds));
        if (heads < 1 || channels % heads != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(heads), heads, $"The heads must divide {channels} channels.");
        }

        if (isCausal && balancing > 0)
        {
            throw new ArgumentException(
                $"Causal weights are not balanced: by the sum of a column a token would learn of later ones. Given: {rounds} rounds.",
                nameof(rounds));
        }

        (_heads, _rounds, _isCausal) = (heads, balancing, isCausal);
        _queries = nn.Linear(channels, channels, dtype: dtype);
        _keys = nn.Linear(channels, channels, dtype: dtype);
        RegisterComponents();
    }

    /// <summary>The weights for q.</summary>
    /// <param name="input">q: [batch, tokens, channels].</param>
    /// <returns>[batch, heads, tokens, tokens]: at least 0, each row summing to 1. The caller owns it.</returns>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        (long batch, long tokens, long channels) = (input.shape[0], input.shape[1], input.shape[2]);
        long size = channels / _heads;
        Tensor queries = Apart(_queries.call(input)), keys = Apart(_keys.call(input));
        Tensor logits = (queries.bmm(keys.transpose(1, 2)) / Math.Sqrt(size)).reshape(batch, _heads, tokens, tokens);
        if (_isCausal)
        {
            Tensor later = ones(tokens, tokens, dtype: ScalarType.Bool, device: input.device).triu(1);
            return logits.masked_fill(later, double.NegativeInfinity).softmax(3).MoveToOuterDisposeScope();
        }

        for (int round = 0; round < _rounds; round++)
        {
            logits = logits - logits.logsumexp(3, keepdim: true);
            logits = logits - logits.logsumexp(2, keepdim: true);
        }

        return logits.softmax(3).MoveToOuterDisposeScope();

        Tensor Apart(Tensor tensor) => tensor.reshape(batch, tokens, _heads, size).transpose(1, 2).reshape(batch * _heads, tokens, size);
    }
}
