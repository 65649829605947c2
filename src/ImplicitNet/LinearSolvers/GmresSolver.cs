namespace ImplicitNet.LinearSolvers;

/// <summary>
/// GMRES, restarted: the vector of least residual in the space of <c>b, A b, A^2 b, ...</c>, for every sample by itself
/// (Saad and Schultz, SIAM J. Sci. Stat. Comput. 7, 1986).
/// </summary>
/// <remarks>
/// Every sample has its own basis, breakdown and end; once it has ended nothing about it changes, and it leaves the
/// products when half of the batch has. The basis is made orthogonal by two passes of Gram-Schmidt with block products,
/// which keep it so to rounding (Giraud, Langou and Rozloznik, 2005) at two kernels a pass, where modified Gram-Schmidt
/// would take two for every vector. Exact after n products for a regular operator when <see cref="Restart"/> is at
/// least n; a restart may stagnate where the operator is far from positive. Costs one product for every direction and one for
/// every restart; holds <c>Restart + 4</c> copies of the vectors.
/// </remarks>
public sealed record GmresSolver : LinearSolver
{
    /// <summary>Directions after which the basis is given up for a new one; at least 1; default 30.</summary>
    public int Restart
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Restart), value, "GMRES needs at least 1 direction before a restart.");
    } = 30;

    /// <summary>Products after which a solve is given up; at least 1; default 90.</summary>
    public int MaxProducts
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxProducts), value, "The limit of products must be at least 1.");
    } = 90;

    internal override LinearSolution Run(LinearSystem system) =>
        new LinearRun(system, new KrylovMethod(unit => new GmresCycle(unit, Math.Min(Restart, MaxProducts)), MaxProducts) { CycleProducts = Restart }).Solve();

    internal override LinearSolver Within(int products) => this with { MaxProducts = products };
}
