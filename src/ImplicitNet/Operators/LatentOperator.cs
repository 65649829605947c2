using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>The operator R of an implicit network: it takes the latent u and the encoded data q, and returns a latent.</summary>
public abstract class LatentOperator : nn.Module<Tensor, Tensor, Tensor>
{
    /// <summary>Creates the operator under a module name.</summary>
    protected LatentOperator(string name)
        : base(name)
    {
    }

    /// <summary>What finds its fixed points where nobody chose a solver; by default <see cref="PicardSolver"/>.</summary>
    public virtual FixedPointSolver DefaultSolver => new PicardSolver();

    /// <summary>Fixes q and prepares the weights, once for all the evaluations of a solve and for the one in the graph.</summary>
    /// <param name="q">[batch, ...]; the caller keeps it, and it must outlive the map.</param>
    /// <returns>The map <c>u -> R(u, q)</c>; it builds a graph wherever gradients are enabled. The caller owns it.</returns>
    public abstract FixedPointMap Bind(Tensor q);

    /// <summary>Where a solve for q starts: any value that depends on nothing but the sample itself.</summary>
    /// <param name="q">[batch, ...].</param>
    /// <returns>[batch, ...], without a graph. The caller owns it.</returns>
    public abstract Tensor StartingLatent(Tensor q);

    /// <summary>One application: R(u, q).</summary>
    /// <param name="u">The latent: [batch, ...].</param>
    /// <param name="q">The encoded data: [batch, ...].</param>
    /// <returns>The shape of u. The caller owns it.</returns>
    public sealed override Tensor forward(Tensor u, Tensor q)
    {
        TensorCheck.EnsureBatch(u, nameof(u), "u");
        TensorCheck.EnsureBatch(q, nameof(q), "q", isNumber: false);
        using FixedPointMap map = Bind(q);
        return LatentContract.EvaluateCopy(map, u);
    }
}
