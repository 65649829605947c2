namespace ImplicitNet.Reports;

/// <summary>
/// The relative residuals of many samples at one solver step, dimensionless. A value may be infinite where samples diverged.
/// </summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Minimum">The least.</param>
/// <param name="Low">The 10th percentile.</param>
/// <param name="Median">The median.</param>
/// <param name="High">The 90th percentile.</param>
/// <param name="Maximum">The largest.</param>
public readonly record struct ResidualStep(int Step, double Minimum, double Low, double Median, double High, double Maximum);
