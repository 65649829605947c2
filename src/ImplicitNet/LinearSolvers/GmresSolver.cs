using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// GMRES, restarted: the vector of least residual in the space of <c>b, A b, A^2 b, ...</c>, for every sample by itself
/// (Saad and Schultz, SIAM J. Sci. Stat. Comput. 7, 1986).
/// </summary>
/// <remarks>
/// Every sample has its own basis, breakdown and end. The basis is made orthogonal by two passes of Gram-Schmidt with block products, which
/// keep it so to rounding (Giraud, Langou and Rozloznik, 2005) with two kernels per pass, where modified Gram-Schmidt would take two for
/// every vector. Exact after n products for a regular operator when <see cref="Restart"/> is at least n; a restart may stagnate where the
/// operator is far from positive.
/// <para>
/// Costs one product for every direction and one for every restart. With such a basis the recurrence gives the true residual to rounding in
/// <c>||A|| ||x||</c>, which is estimated and added to it; one more product measures it only where that estimate decides whether the
/// tolerance is met. Where A is so nearly singular that a longer correction is worse than a shorter one, the shorter one is taken. Holds
/// <c>Restart + 6</c> copies of the vectors.
/// </para>
/// </remarks>
public sealed record GmresSolver : KrylovSolver
{
    /// <summary>Creates the solver with its defaults.</summary>
    public GmresSolver()
        : base(isDrifting: false)
    {
    }

    /// <summary>The number of directions after which the basis is discarded for a new one; at least 1; default 30.</summary>
    public int Restart
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Restart), value, "GMRES needs at least 1 direction before a restart.");
    } = 30;

    /// <summary>Products after which a solve is given up; at least 1; default 90.</summary>
    public override int MaxProducts
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxProducts), value, "The limit of products must be at least 1.");
    } = 90;

    /// <inheritdoc/>
    protected internal override int CycleProducts => Restart;

    /// <inheritdoc/>
    public override KrylovCycle Begin(Tensor residual) => new GmresCycle(residual, Math.Min(Restart, MaxProducts));
}
