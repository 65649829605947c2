using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// One layer of a transformer, normalised behind each half (Vaswani et al., 2017): <c>h = norm(skip + O attention(...))</c>, then
/// <c>norm(h + N relu(W h))</c>. Every channel of what it returns has mean and deviation of the norm's own, however large the sums were.
/// </summary>
/// <remarks>
/// Without a graph attention is torch's fused one. In a graph it is a chain of plain operations: the fused one has no second derivative.
/// </remarks>
internal sealed class TransformerLayer : nn.Module
{
    [ComponentName(Name = "attention")]
    private readonly Linear _attention;
    [ComponentName(Name = "injection")]
    private readonly Linear _injection;
    [ComponentName(Name = "output")]
    private readonly Linear _output;
    [ComponentName(Name = "norm1")]
    private readonly LayerNorm _attended;
    [ComponentName(Name = "wide")]
    private readonly Linear _wide;
    [ComponentName(Name = "narrow")]
    private readonly Linear _narrow;
    [ComponentName(Name = "norm2")]
    private readonly LayerNorm _fed;
    private readonly long _heads;

    public TransformerLayer(long channels, long heads, long feedForward, ScalarType dtype)
        : base(nameof(TransformerLayer))
    {
        _heads = heads;
        _attention = nn.Linear(channels, 3 * channels, hasBias: false, dtype: dtype);
        _injection = nn.Linear(channels, 3 * channels, dtype: dtype);
        _output = nn.Linear(channels, channels, dtype: dtype);
        _attended = nn.LayerNorm(channels, dtype: dtype);
        _wide = nn.Linear(channels, feedForward, dtype: dtype);
        _narrow = nn.Linear(feedForward, channels, dtype: dtype);
        _fed = nn.LayerNorm(channels, dtype: dtype);
        RegisterComponents();
    }

    /// <summary>A parameter: what dtype and device latents have.</summary>
    public Tensor Reference => _output.weight;

    /// <summary>What tokens themselves give to queries, keys and values, U q: [batch, tokens, 3 channels].</summary>
    public Tensor Inject(Tensor tokens) => _injection.call(tokens);

    /// <summary>Queries, keys and values, W u + U q: [batch, tokens, 3 channels].</summary>
    /// <param name="latents">u: [batch, tokens, channels].</param>
    /// <param name="injected">As <see cref="Inject"/> gives it.</param>
    public Tensor Project(Tensor latents, Tensor injected)
    {
        Tensor projected = _attention.call(latents);
        return is_grad_enabled() ? projected + injected : projected.add_(injected);
    }

    /// <summary>Latents moved on by one token: each has that of the one before it, and the first a given one, or zeros.</summary>
    /// <param name="latents">[batch, tokens, channels].</param>
    /// <param name="first">[batch, 1, channels]; null for zeros.</param>
    public static Tensor Shifted(Tensor latents, Tensor? first)
    {
        long kept = Math.Max(0, latents.shape[1] - 1);
        Tensor earlier = latents.narrow(1, 0, kept);
        return latents.shape[1] == 0 ? latents.alias()
            : first is null ? nn.functional.pad(earlier, [0, 0, 1, 0])
            : cat([first, earlier], 1);
    }

    /// <summary>Applies the layer.</summary>
    /// <param name="projected">As <see cref="Project"/> gives them.</param>
    /// <param name="skip">What attention is added to: [batch, tokens, channels].</param>
    /// <param name="bias">Added to the logits: [batch or 1, heads or 1, tokens, memory + tokens].</param>
    /// <param name="memory">Keys and values of tokens before: [batch, memory, 2 channels]; null for none.</param>
    /// <param name="masks">Of dropout, behind attention and behind the feed-forward part; none, or two of the shape of skip.</param>
    /// <returns>[batch, tokens, channels], in the caller's scope.</returns>
    public Tensor Apply(Tensor projected, Tensor skip, Tensor bias, Tensor? memory, ReadOnlySpan<Tensor> masks)
    {
        Tensor attended = _output.call(Attend(projected, bias, memory));
        Tensor h = _attended.call(Add(skip, masks.IsEmpty ? attended : attended * masks[0]));
        Tensor wide = _wide.call(h);
        Tensor fed = _narrow.call(is_grad_enabled() ? wide.relu() : wide.relu_());
        return _fed.call(Add(h, masks.IsEmpty ? fed : fed * masks[1]));
    }

    /// <summary>Keys and values alone, of what <see cref="Project"/> gives.</summary>
    public static Tensor KeysAndValues(Tensor projected)
    {
        long channels = projected.shape[2] / 3;
        return projected.narrow(2, channels, 2 * channels);
    }

    private static Tensor Add(Tensor skip, Tensor change) => is_grad_enabled() ? skip + change : change.add_(skip);

    private Tensor Attend(Tensor projected, Tensor bias, Tensor? memory)
    {
        (long batch, long tokens, long channels) = (projected.shape[0], projected.shape[1], projected.shape[2] / 3);
        long size = channels / _heads;
        Tensor queries = Apart(projected.narrow(2, 0, channels));
        Tensor seen = KeysAndValues(projected);
        seen = memory is null ? seen : cat([memory, seen], 1);
        (Tensor keys, Tensor values) = (Apart(seen.narrow(2, 0, channels)), Apart(seen.narrow(2, channels, channels)));
        Tensor mixed = is_grad_enabled()
            ? Mixed(queries, keys, values, bias)
            : nn.functional.scaled_dot_product_attention(queries, keys, values, bias);
        return mixed.transpose(1, 2).reshape(batch, tokens, channels);

        Tensor Apart(Tensor tensor) => tensor.unflatten(2, [_heads, size]).transpose(1, 2);
    }

    private static Tensor Mixed(Tensor queries, Tensor keys, Tensor values, Tensor bias)
    {
        (long batch, long heads, long tokens, long size) = (queries.shape[0], queries.shape[1], queries.shape[2], queries.shape[3]);
        Tensor logits = Flat(queries / Math.Sqrt(size)).bmm(Flat(keys).transpose(1, 2));
        Tensor weights = (logits.unflatten(0, [batch, heads]) + bias).softmax(3);
        return weights.flatten(0, 1).bmm(Flat(values)).unflatten(0, [batch, heads]);

        Tensor Flat(Tensor tensor) => tensor.reshape(batch * heads, tensor.shape[2], size);
    }
}
