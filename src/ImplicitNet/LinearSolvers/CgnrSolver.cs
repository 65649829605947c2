using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// Conjugate gradients on the normal equations <c>A^T A x = A^T b</c>, which are not formed, for every sample by itself
/// (Hestenes and Stiefel, J. Res. Nat. Bur. Standards 49, 1952; the form that carries b - A x is also called CGLS).
/// </summary>
/// <remarks>
/// Makes two products per step, one of them with the transpose. Converges for every regular operator, and the residual never rises, but at
/// the pace of the squared condition number: the exact gradient that JFB is compared with in its paper (Wu Fung et al., AAAI 2022) is
/// solved for this way. For a system without a solution it finds the least-squares one and reports a <see cref="LinearStatus.Breakdown"/>.
/// One more product measures the true residual at the end, and the method begins again from it when the recurrence was wrong. Holds 4
/// copies of the vectors.
/// </remarks>
public sealed record CgnrSolver : KrylovSolver
{
    /// <summary>Creates the solver with its defaults.</summary>
    public CgnrSolver()
        : base(stepProducts: 2)
    {
    }

    /// <summary>Products after which a solve is given up, the one that measures the residual included; at least 3; default 200.</summary>
    public override int MaxProducts
    {
        get;
        init => field = value >= 3
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(MaxProducts), value, "A step takes two products, and one measures the residual.");
    } = 200;

    /// <inheritdoc/>
    public override KrylovCycle Begin(Tensor residual) => new CgnrCycle(residual);
}
