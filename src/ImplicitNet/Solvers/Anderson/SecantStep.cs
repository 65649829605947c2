namespace ImplicitNet.Solvers.Anderson;

/// <summary>Where a sample goes from the point it has reached, or from the last one that was kept.</summary>
internal readonly record struct SecantStep
{
    /// <summary>Whether the point is kept; otherwise the sample goes back to the last one.</summary>
    public required bool IsKept { get; init; }

    /// <summary>b, the share of the residual that is mixed in.</summary>
    public double Mixing { get; init; }

    /// <summary>Of a step taken back, the share that is tried instead; 0 for the residual of the last point, mixed in.</summary>
    public double Share { get; init; }
}
