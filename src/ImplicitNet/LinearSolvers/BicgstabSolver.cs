using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// BiCGSTAB: biconjugate gradients, smoothed by a step of least residual, for every sample by itself (van der Vorst,
/// SIAM J. Sci. Stat. Comput. 13, 1992).
/// </summary>
/// <remarks>
/// Makes two products per step, with a correction after each; needs no transpose, and its memory does not grow: 7 copies of the vectors and
/// the best correction so far. The residual is not monotone, so the best x is what is returned. Steps of least residual are kept from
/// vanishing (Sleijpen and van der Vorst, 1995). After a breakdown it begins again from the true residual, if that is less than before. One
/// more product checks what the recurrence says about the residual: if it has drifted, the method begins again from the true one. Choose
/// <see cref="GmresSolver"/> where its memory can be afforded, and for operators far from positive.
/// </remarks>
public sealed record BicgstabSolver : KrylovSolver
{
    /// <summary>Products after which a solve is given up, the one that measures the residual included; at least 2; default 100.</summary>
    public override int MaxProducts
    {
        get;
        init => field = value >= 2
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(MaxProducts), value, "BiCGSTAB needs a product and one to measure the residual.");
    } = 100;

    /// <inheritdoc/>
    public override KrylovCycle Begin(Tensor residual) => new BicgstabCycle(residual);
}
