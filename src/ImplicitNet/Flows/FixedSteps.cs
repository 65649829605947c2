namespace ImplicitNet.Flows;

/// <summary>
/// As many steps of one length from the first time to the last, whatever the error: with <see cref="ButcherTableau.Euler"/> the layers of a
/// residual network.
/// </summary>
/// <remarks>A step is accepted if it is finite. Times in between are read off the interpolant, as always.</remarks>
public sealed record FixedSteps : StepController
{
    /// <summary>Creates the rule.</summary>
    /// <param name="count">Steps; at least 1.</param>
    public FixedSteps(int count)
    {
        Count = count >= 1 ? count : throw new ArgumentOutOfRangeException(nameof(count), count, "At least one step is needed.");
        MaxSteps = count;
    }

    /// <summary>Steps of every sample.</summary>
    public int Count { get; }
}
