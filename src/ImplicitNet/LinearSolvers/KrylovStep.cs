namespace ImplicitNet.LinearSolvers;

/// <summary>Where one row of a <see cref="KrylovCycle"/> stands after a product.</summary>
/// <param name="Residual">The norm that the recurrence gives for the residual; NaN where the product was not finite.</param>
/// <param name="IsBreakdown">Whether the cycle cannot go on for this row.</param>
public readonly record struct KrylovStep(double Residual, bool IsBreakdown);
