namespace ImplicitNet.LinearSolvers;

/// <summary>How a linear solve went for one sample.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Products">Products with the operator until then.</param>
/// <param name="RelativeResidual"><c>||b - A x|| / ||b||</c>, as the recurrence gives it, but at least 1e-14 (float64) or 1e-6 (float32) after a product; 0 where b is 0; infinity where b is not finite.</param>
public readonly record struct LinearSampleReport(LinearStatus Status, int Products, double RelativeResidual);
