namespace ImplicitNet.Reports;

/// <summary>A moving picture of a report.</summary>
/// <param name="Gif">The picture, as GIF.</param>
/// <param name="Description">What it shows; below it, and for those who cannot see it.</param>
internal sealed record ReportAnimation(byte[] Gif, string Description);
