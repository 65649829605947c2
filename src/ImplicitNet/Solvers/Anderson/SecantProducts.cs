namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// What Anderson acceleration asks of one sample's history: products with its newest difference and its residual f, by slot of the ring.
/// </summary>
internal readonly ref struct SecantProducts
{
    /// <summary>The slot of the newest difference.</summary>
    public required int Newest { get; init; }

    /// <summary>test_i . dF_new for every slot i.</summary>
    public required ReadOnlySpan<double> TestsByNew { get; init; }

    /// <summary>test_i . f for every slot i.</summary>
    public required ReadOnlySpan<double> TestsByResidual { get; init; }

    /// <summary>test_new . dF_j for every slot j.</summary>
    public required ReadOnlySpan<double> NewByResiduals { get; init; }

    /// <summary>||f||.</summary>
    public required double Norm { get; init; }
}
