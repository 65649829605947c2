using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>R(u, q) = act(gamma P(q) f(u) + q)</c> on tokens: f, a bounded layer, works on each by itself, and weights that come from q, such as
/// those of attention, mix them. A contraction in u by the factor gamma, in <see cref="Norm"/>, for every u and q.
/// </summary>
/// <remarks>
/// In L2, <c>||P||^2</c> is at most the largest sum of a row of |P| times the largest sum of a column (Schur's test); by the root of that P
/// is divided, sample by sample and head by head, where it is above 1. Little is lost where no token attracts all the others, and nothing
/// where columns sum to 1, too (<see cref="AttentionWeights"/>); where all tokens look at one of n, P has the norm sqrt(n).
/// <para>
/// In the largest token (<see cref="ResidualNorm.LargestToken"/>) it is divided row by row. With one head, by the sum of the row's
/// magnitudes where that is above 1, so that nothing is lost of the weights of a softmax. Of several, each mixes tokens of its own choice:
/// row i of them all is divided by the root of <c>sum_j max_h s_h |P_hij|</c>, s_h the row's sum in head h, where that is above 1: by at
/// most the root of the number of heads, and by 1 where they agree. (By Cauchy and Schwarz head h gives a token a share of at most
/// <c>s_h sum_j |P_hij| ||f_jh||^2</c> in square, and the shares of f_j sum to its own.)
/// </para>
/// <para>
/// No row sees another then: with weights that look at no later token, as causal ones, R(u, q) of a token depends on those before it alone,
/// and so does u*. A division in L2 is by all rows, the later ones included. A solver that combines iterates of whole samples (all but
/// <see cref="PicardSolver"/>) still moves a token by the later ones, within its tolerance.
/// </para>
/// <para>
/// P is computed once for each solve, so it may be anything: it does not depend on u. Attention whose weights depend on u has no
/// Lipschitz constant at all where tokens are not bounded (Kim, Papamakarios and Mnih, ICML 2021).
/// </para>
/// </remarks>
public sealed class AttentionOperator : LatentOperator, IContraction
{
    // As for weights: the sums below are made in float64, and rounded to the dtype once.
    private const double RoundingMargin = 1e-5;

    // Of a root that has a derivative.
    private const double LeastSum = 1e-300;

    [ComponentName(Name = "layer")]
    private readonly BoundedModule _layer;
    [ComponentName(Name = "weights")]
    private readonly nn.Module<Tensor, Tensor> _weights;
    private readonly LatentActivation _activation;
    private readonly bool _isBoundedByRows;

    /// <summary>Creates the operator.</summary>
    /// <param name="layer">
    /// f: takes and gives [batch, tokens, channels], each token by itself, such as a <see cref="BoundedLinear"/>. Owned from now on.
    /// </param>
    /// <param name="weights">
    /// Takes q: [batch, tokens, channels], returns P: [batch, tokens, tokens], or [batch, heads, tokens, tokens], where each head mixes its
    /// share of the channels; of any sign and size. Owned from now on.
    /// </param>
    /// <param name="gamma">The contraction factor, in (0, 1), dimensionless.</param>
    /// <param name="activation">Default <c>LeakyRelu(0.1)</c>.</param>
    /// <param name="norm">
    /// In which it contracts: L2, the default, or the largest token, <c>ResidualNorm.LargestToken(channels)</c>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The layer does not give what it takes, or is bounded in another norm than L2; or the norm is neither of the two.
    /// </exception>
    public AttentionOperator(
        BoundedModule layer,
        nn.Module<Tensor, Tensor> weights,
        double gamma,
        LatentActivation? activation = null,
        ResidualNorm? norm = null)
        : base(nameof(AttentionOperator))
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(weights);
        if (gamma is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "The contraction factor must be in (0, 1).");
        }

        if (layer.Inputs != layer.Outputs || !layer.Norm.Equals(ResidualNorm.L2))
        {
            throw new ArgumentException(
                "The layer must map latents to latents, and be bounded in the norm L2. "
                    + $"It takes {layer.Inputs} and gives {layer.Outputs}, bounded in the norm {layer.Norm}.",
                nameof(layer));
        }

        Norm = norm ?? ResidualNorm.L2;
        _isBoundedByRows = Norm.Equals(ResidualNorm.LargestToken(layer.Inputs));
        if (!_isBoundedByRows && !Norm.Equals(ResidualNorm.L2))
        {
            throw new ArgumentException(
                $"Attention contracts in ResidualNorm.L2 or, of {layer.Inputs} channels, in ResidualNorm.LargestToken({layer.Inputs}). "
                    + $"Given: {Norm}.",
                nameof(norm));
        }

        (_layer, _weights, DeclaredFactor) = (layer, weights, gamma);
        _activation = activation ?? LatentActivation.LeakyRelu();
        RegisterComponents();
    }

    /// <inheritdoc/>
    public double DeclaredFactor { get; }

    /// <inheritdoc/>
    public ResidualNorm Norm { get; }

    /// <inheritdoc/>
    /// <remarks>That of the layer, times the bound of P, which is 1 by the division, whatever P is.</remarks>
    public double CertifyFactor() => _layer.CertifyNorm(DeclaredFactor);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">q is not in the shape, dtype and device of latents, or P is none for such tokens.</exception>
    public override FixedPointMap Bind(Tensor q)
    {
        EnsureFits(q);
        using DisposeScope scope = NewDisposeScope();
        Tensor mixing = Bounded(Mixing(q)).DetachFromDisposeScope();
        Tensor[] weights = [.. _layer.Prepare(DeclaredFactor).Select(weight => weight.DetachFromDisposeScope())];
        return new PerSampleMap(
            (latent, inputs) => Evaluate(latent, inputs),
            new MapInputs { PerSample = [q, mixing], Shared = weights, Parameters = [], Owned = [mixing, .. weights] })
        {
            IsOwn = true,
            ErrorBound = ErrorBound.OfContraction(DeclaredFactor, Norm),
        };
    }

    /// <summary>act(q) = R(0, q) of a linear layer.</summary>
    /// <param name="q">[batch, tokens, channels].</param>
    /// <returns>The shape of q, without a graph. The caller owns it.</returns>
    public override Tensor StartingLatent(Tensor q)
    {
        EnsureFits(q);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return _activation.ApplyInPlace(q.clone()).MoveToOuterDisposeScope();
    }

    private void EnsureFits(Tensor q)
    {
        TensorCheck.EnsureBatch(q, nameof(q), "q");
        if (q.ndim != 3 || _layer.Wanted(q.shape) is not null || !_layer.ShapeOf(q.shape).AsSpan().SequenceEqual(q.shape))
        {
            throw new ArgumentException($"q must be [batch, tokens, {_layer.Inputs}]. Given: {TensorCheck.Describe(q)}.", nameof(q));
        }

        TensorCheck.EnsureLike(q, _layer.Reference, nameof(q), "q");
    }

    /// <summary>P as the module gives it: [batch, heads, tokens, tokens].</summary>
    private Tensor Mixing(Tensor q)
    {
        Tensor given = ForeignModule.Call(_weights, q, "module of the weights");
        Tensor mixing = given.ndim == 3 ? given.unsqueeze(1) : given;
        (long batch, long tokens, long channels) = (q.shape[0], q.shape[1], q.shape[2]);
        return mixing.ndim == 4 && mixing.is_floating_point() && mixing.shape is var shape && shape[1] > 0 && channels % shape[1] == 0
            && (shape[0], shape[2], shape[3]) == (batch, tokens, tokens)
            ? mixing
            : throw new ArgumentException(
                $"The weights must be [{batch}, {tokens}, {tokens}], or [{batch}, heads, {tokens}, {tokens}] with heads that divide "
                    + $"{channels} channels. They are {TensorCheck.Describe(given)}.");
    }

    /// <summary>P divided by its bound where that is above 1, in the dtype of the latents.</summary>
    private Tensor Bounded(Tensor mixing)
    {
        Precision precision = Precision.Of(_layer.Reference.dtype);
        Tensor wide = mixing.to(ScalarType.Float64);
        if (wide.shape[3] == 0)
        {
            return wide.to(_layer.Reference.dtype);
        }

        Tensor bound = _isBoundedByRows ? OfRows(wide.abs()) : OfAll(wide.abs());
        double margin = 1 + RoundingMargin + (2 * precision.Roundoff) + (wide.shape[3] * precision.Underflow);
        return (wide / (bound * margin)).to(_layer.Reference.dtype);
    }

    /// <summary>The bound of a head in L2, or 1 where that is less: [batch, heads, 1, 1].</summary>
    private static Tensor OfAll(Tensor sizes)
    {
        Tensor rows = sizes.sum(3, keepdim: true).amax([2, 3], keepdim: true).clamp_min(LeastSum);
        Tensor columns = sizes.sum(2, keepdim: true).amax([2, 3], keepdim: true).clamp_min(LeastSum);
        return (rows.sqrt() * columns.sqrt()).clamp_min(1);
    }

    /// <summary>The bound of a row of all heads in the largest token, or 1 where that is less: [batch, 1, tokens, 1].</summary>
    private static Tensor OfRows(Tensor sizes)
    {
        // In units of its largest weight, where that is above 1: no square overflows.
        Tensor unit = sizes.detach().amax([1, 3], keepdim: true).clamp_min(1);
        Tensor shares = sizes / unit;
        Tensor squared = (shares.sum(3, keepdim: true) * shares).amax([1], keepdim: true).sum(3, keepdim: true);
        return squared.clamp_min(1).sqrt() * unit;
    }

    private Tensor Evaluate(Tensor latent, MapInputs inputs)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor q, Tensor mixing) = (inputs.PerSample[0], inputs.PerSample[1]);
        int next = 0;
        Tensor values = _layer.Propagate(latent, inputs.Shared, ref next);
        (long batch, long tokens, long channels) = (q.shape[0], q.shape[1], q.shape[2]);
        long heads = mixing.shape[1];
        long size = channels / heads;
        Tensor apart = values.reshape(batch, tokens, heads, size).transpose(1, 2).reshape(batch * heads, tokens, size);
        Tensor mixed = mixing.reshape(batch * heads, tokens, tokens).bmm(apart).reshape(batch, heads, tokens, size).transpose(1, 2);
        return _activation.ApplyInPlace(mixed.reshape(batch, tokens, channels), q).MoveToOuterDisposeScope();
    }
}
