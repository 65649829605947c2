namespace ImplicitNet.LinearSolvers;

/// <summary>How a linear solve went for one sample.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Products">Products with the operator and its transpose until then, those that measure a residual included.</param>
/// <param name="RelativeResidual">
/// <c>||b - A x|| / ||b||</c> of the x returned: measured by a product, or an upper bound where the method knows one that is good enough
/// (<see cref="GmresSolver"/>), or, where a product was not finite, from the recurrence; 0 where b is 0; infinity where b is not finite.
/// </param>
public readonly record struct LinearSampleReport(LinearStatus Status, int Products, double RelativeResidual);
