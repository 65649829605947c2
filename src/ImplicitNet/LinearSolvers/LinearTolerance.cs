namespace ImplicitNet.LinearSolvers;

/// <summary>
/// When a sample of a linear solve is finished: <c>||b - A x|| &lt;= Absolute + Relative ||b||</c>, in the L2 norm. It is the same rule as
/// for a fixed point.
/// </summary>
/// <param name="Relative">Tolerance as a share of <c>||b||</c>, dimensionless; in [0, 1).</param>
/// <param name="Absolute">Tolerance in the units of b; at least 0 and finite; default 0.</param>
public readonly record struct LinearTolerance(double Relative, double Absolute = 0)
{
    /// <summary>Whether both numbers are in their ranges; <see cref="LinearSolver.Solve"/> refuses one that is not.</summary>
    internal bool IsValid => Relative is >= 0 and < 1 && Absolute is >= 0 and < double.PositiveInfinity;

    /// <summary>The residual that is small enough for a sample.</summary>
    /// <param name="scale">||b||.</param>
    internal double Threshold(double scale) => Absolute + (Relative * scale);
}
