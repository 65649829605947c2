namespace ImplicitNet.Reports.Drawing;

/// <summary>A point of a chart with its deviations along both axes, 0 where there is none.</summary>
internal readonly record struct MeasuredPoint(double X, double XDeviation, double Y, double YDeviation);
