namespace ImplicitNet.Solvers;

/// <summary>Which iterate of a sample that does not converge is returned, and passed on to the next solver of a chain.</summary>
public abstract record ReturnedIterate
{
    /// <summary>Residuals within this share of each other are level.</summary>
    internal const double LevelShare = 0.999;

    /// <summary>The best iterate, with the smallest residual; of several that are equal to within 0.1 %, the last. The default.</summary>
    public static ReturnedIterate Best { get; } = new BestIterate();

    /// <summary>The last iterate whose residual was finite, whatever its residual.</summary>
    public static ReturnedIterate Last { get; } = new LastIterate();

    /// <summary>Whether a later iterate replaces the earlier ones.</summary>
    /// <param name="residual">The residual of the later iterate; finite.</param>
    /// <param name="least">The smallest residual before it; infinity if there was none.</param>
    public abstract bool Replaces(double residual, double least);

    private sealed record BestIterate : ReturnedIterate
    {
        public override bool Replaces(double residual, double least) => residual * LevelShare <= least;
    }

    private sealed record LastIterate : ReturnedIterate
    {
        public override bool Replaces(double residual, double least) => true;
    }
}
