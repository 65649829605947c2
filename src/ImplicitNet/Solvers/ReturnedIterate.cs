namespace ImplicitNet.Solvers;

/// <summary>Which iterate is returned of a sample that does not converge, and goes on to the next solver of a chain.</summary>
public abstract record ReturnedIterate
{
    /// <summary>Residuals within this share of each other are level.</summary>
    internal const double LevelShare = 0.999;

    /// <summary>The best iterate, that of the least residual; of those that are level with it, to 0.1 %, the last. The default.</summary>
    public static ReturnedIterate Best { get; } = new BestIterate();

    /// <summary>The last iterate whose residual was finite, whatever its residual.</summary>
    public static ReturnedIterate Last { get; } = new LastIterate();

    /// <summary>Whether a later iterate takes the place of those before.</summary>
    /// <param name="residual">Its residual: finite.</param>
    /// <param name="least">The least residual before; infinity where there was none.</param>
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
