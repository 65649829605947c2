using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// One layer of a transformer whose output is its own input: <c>h = norm(q + O attention(W u' + U q))</c>,
/// <c>R(u, q) = norm(h + N relu(W' h))</c>. At the fixed point a token has attended to tokens that have attended to tokens, as often as it
/// takes: a transformer of any depth with the weights of one layer.
/// </summary>
/// <remarks>
/// q is injected into queries, keys and values, once a solve, and into the sum behind attention. Places are told by a learned bias of the
/// logits for each distance and head (Raffel et al., 2020), so that a text moved along is the same text. A sequence is one sample, with one
/// residual.
/// <para>
/// Where attention looks back alone, u' is u moved on by one token: what a token attends to are characters, each with the latent of the one
/// before it. Then a latent depends on earlier latents alone. Whatever the weights there is one fixed point, and
/// <see cref="PicardSolver"/> has it, bit by bit, after as many steps as there are tokens; a tolerance is met long before.
/// </para>
/// <para>
/// With <c>isShifted: false</c>, and where attention looks both ways, u' is u, as published (Bai, Kolter and Koltun, "Deep equilibrium
/// models", NeurIPS 2019). Nothing is known of a contraction then: watch the statuses, or take an <see cref="AttentionOperator"/>, whose
/// weights do not depend on u, for one with a certificate.
/// </para>
/// </remarks>
public sealed class EquilibriumTransformer : LatentOperator
{
    [ComponentName(Name = "layer")]
    private readonly TransformerLayer _layer;
    [ComponentName(Name = "distances")]
    private readonly DistanceBias _distances;
    private readonly double _dropout;

    /// <summary>Creates the operator, its weights drawn as those of torch's layers; the biases of distances begin at 0.</summary>
    /// <param name="channels">Of a token; at least 1.</param>
    /// <param name="heads">A divisor of the channels.</param>
    /// <param name="feedForward">Channels inside the feed-forward part; at least 1.</param>
    /// <param name="isCausal">Whether a token attends to itself and those before it alone; default true.</param>
    /// <param name="isShifted">Whether a token hears the latent before it and not its own; null, the default: where it is causal.</param>
    /// <param name="reach">How many distances have a bias of their own; farther ones share the last; at least 1; default 128.</param>
    /// <param name="dropout">
    /// In training mode, the share of the numbers behind attention, and behind the feed-forward part, that are 0; in [0, 1); default 0.
    /// Masks are drawn when q is bound, so that they are the same in all the evaluations of a solve.
    /// </param>
    /// <param name="dtype">Of parameters and latents.</param>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public EquilibriumTransformer(
        long channels, long heads, long feedForward, bool isCausal = true, bool? isShifted = null, long reach = 128,
        double dropout = 0, ScalarType dtype = ScalarType.Float32)
        : base(nameof(EquilibriumTransformer))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(feedForward, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(reach, 1);
        if (heads < 1 || channels % heads != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(heads), heads, $"The heads must divide {channels} channels.");
        }

        if (dropout is not (>= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(dropout), dropout, "The share must be in [0, 1).");
        }

        if (isShifted is true && !isCausal)
        {
            throw new ArgumentException("Latents are moved on by one token where attention looks back alone.", nameof(isShifted));
        }

        using DisposeScope scope = NewDisposeScope();
        (Channels, IsCausal, IsShifted, _dropout) = (channels, isCausal, isShifted ?? isCausal, dropout);
        _layer = new TransformerLayer(channels, heads, feedForward, dtype);
        _distances = new DistanceBias(heads, reach, isCausal, dtype);
        RegisterComponents();
    }

    /// <summary>Channels of a token.</summary>
    public long Channels { get; }

    /// <summary>Whether a token attends to itself and those before it alone.</summary>
    public bool IsCausal { get; }

    /// <summary>
    /// Whether a token hears the latent before it and not its own, so that there is one fixed point whatever the weights.
    /// </summary>
    public bool IsShifted { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">q is not [batch, tokens, channels] in the dtype and on the device of the weights.</exception>
    public override FixedPointMap Bind(Tensor q) => Bind(q, SequenceContext.None);

    /// <summary>As <see cref="Bind(Tensor)"/>, with padding, and with a memory of what came before.</summary>
    /// <param name="q">[batch, tokens, channels]; the caller keeps it, and it must outlive the map.</param>
    /// <param name="context">What else is known of the sequences; the caller keeps it.</param>
    /// <returns>The map <c>u -> R(u, q)</c>; <c>Implicit.Solve</c> takes it. The caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// q is not [batch, tokens, channels] in the dtype and on the device of the weights, or the context does not go with it.
    /// </exception>
    public FixedPointMap Bind(Tensor q, SequenceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        EnsureFits(q, context);
        using DisposeScope scope = NewDisposeScope();
        SequenceMemory? memory = context.Memory is { Tokens: > 0 } given ? given : null;
        Tensor bias = _distances.Between(q.shape[1], memory?.Tokens ?? 0);
        List<Tensor> own = [_layer.Inject(q)];
        if (memory is not null)
        {
            Tensor heard = IsShifted ? TransformerLayer.Shifted(memory.Latent, null) : memory.Latent;
            own.Add(TransformerLayer.KeysAndValues(_layer.Project(heard, _layer.Inject(memory.Encoded))).contiguous());
            own.Add(memory.Latent.narrow(1, memory.Tokens - 1, 1).alias());
        }

        if (context.Present is { } present)
        {
            own.Add(present.unsqueeze(2));
            own.Add(DistanceBias.Padding(present, memory?.Tokens ?? 0, q.dtype));
        }

        if (training && _dropout > 0)
        {
            own.AddRange([SampleDraws.Mask(q.shape, _dropout, q), SampleDraws.Mask(q.shape, _dropout, q)]);
        }

        Tensor[] made = [.. own.Select(tensor => tensor.DetachFromDisposeScope())];
        bias = bias.DetachFromDisposeScope();
        bool hasMemory = memory is not null, hasPadding = context.Present is not null;
        return new PerSampleMap(
            (u, inputs) => Evaluate(u, inputs, hasMemory, hasPadding),
            new MapInputs
            {
                PerSample = [q, .. made],
                Shared = [bias],
                Parameters = parameters().Where(parameter => parameter.requires_grad),
                Owned = [bias, .. made],
            })
        {
            IsOwn = true,
        };
    }

    /// <summary>Zeros.</summary>
    /// <param name="q">[batch, tokens, channels].</param>
    /// <returns>The shape of q, without a graph. The caller owns it.</returns>
    public override Tensor StartingLatent(Tensor q)
    {
        EnsureFits(q, SequenceContext.None);
        using IDisposable noGraph = no_grad();
        return zeros_like(q);
    }

    private Tensor Evaluate(Tensor u, MapInputs inputs, bool hasMemory, bool hasPadding)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] own = [.. inputs.PerSample];
        int next = 2;
        (Tensor? memory, Tensor? last) = hasMemory ? (own[next++], own[next++]) : (null, null);
        Tensor? present = hasPadding ? own[next++] : null;
        Tensor bias = hasPadding ? inputs.Shared[0] + own[next++] : inputs.Shared[0];
        Tensor heard = IsShifted ? TransformerLayer.Shifted(u, last) : u;
        Tensor value = _layer.Apply(_layer.Project(heard, own[1]), own[0], bias, memory, own.AsSpan(next));
        return (present is null ? value : value.masked_fill(present.logical_not(), 0)).MoveToOuterDisposeScope();
    }

    private void EnsureFits(Tensor q, SequenceContext context)
    {
        TensorCheck.EnsureBatch(q, nameof(q), "q");
        if (q.ndim != 3 || q.shape[2] != Channels)
        {
            throw new ArgumentException($"q must be [batch, tokens, {Channels}]. Given: {TensorCheck.Describe(q)}.", nameof(q));
        }

        TensorCheck.EnsureLike(q, _layer.Reference, nameof(q), "q");
        if (context.Memory is { } memory && !SequenceMemory.IsLike(memory.Latent, q))
        {
            throw new ArgumentException(
                $"The memory must be [{q.shape[0]}, tokens, {Channels}] {q.dtype}, on the device of q. "
                    + $"Given: {TensorCheck.Describe(memory.Latent)}.",
                nameof(context));
        }

        if (context.Present is { } present && (TensorCheck.HasFault(present, out _) || present.dtype != ScalarType.Bool
            || !present.shape.AsSpan().SequenceEqual(q.shape.AsSpan(0, 2)) || !TensorCheck.IsOnDeviceOf(present, q)))
        {
            throw new ArgumentException(
                $"Which tokens are there must be [{q.shape[0]}, {q.shape[1]}] Bool, on the device of q. "
                    + $"Given: {(TensorCheck.HasFault(present, out string? fault) ? fault : TensorCheck.Describe(present))}.",
                nameof(context));
        }
    }
}
