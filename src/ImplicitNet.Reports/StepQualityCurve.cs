namespace ImplicitNet.Reports;

/// <summary>One network of a <see cref="StepQualityChart"/>.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">Quality by solver steps, in the order of steps; one that is not finite breaks the line.</param>
/// <param name="TrainedSteps">Those of its points that it was trained for; null where it was trained for the fixed point.</param>
internal sealed record StepQualityCurve(string Name, IReadOnlyList<(int Steps, double Quality)> Points, int? TrainedSteps = null);
