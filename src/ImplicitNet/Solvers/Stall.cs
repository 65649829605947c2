using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// What counts as progress of a sample besides a falling residual. A sample without any progress within the
/// <see cref="StoppingRule.Patience"/> is given up.
/// </summary>
/// <remarks>Divergence is judged by <see cref="StoppingRule.DivergenceFactor"/>, whatever this rule says.</remarks>
public abstract record Stall
{
    /// <summary>
    /// Only a falling residual counts: by 0.1 % within the patience, or steadily, however slowly. The default; it costs nothing.
    /// </summary>
    public static Stall Residual { get; } = new ResidualStall();

    /// <summary>A sample is never given up before the step limit.</summary>
    public static Stall None { get; } = new NoStall();

    /// <summary>Whether u has moved enough to count as progress, for every row.</summary>
    /// <param name="before">
    /// u when it was last compared, one patience ago: [batch, n]; at the first step it is <paramref name="now"/>.
    /// </param>
    /// <param name="now">u: [batch, n], the dtype of the latents.</param>
    /// <returns>
    /// [batch], bool; the caller owns it. Null if movement does not count: then no copy of u is kept, and this is not called again.
    /// </returns>
    public abstract Tensor? HasMoved(Tensor before, Tensor now);

    private sealed record ResidualStall : Stall
    {
        public override Tensor? HasMoved(Tensor before, Tensor now) => null;
    }

    private sealed record NoStall : Stall
    {
        public override Tensor? HasMoved(Tensor before, Tensor now) => ones(now.shape[0], dtype: ScalarType.Bool);
    }
}
