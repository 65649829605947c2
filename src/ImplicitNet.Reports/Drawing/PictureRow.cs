namespace ImplicitNet.Reports.Drawing;

/// <summary>A row of a <see cref="PictureSheet"/>.</summary>
/// <param name="Name">At its left.</param>
/// <param name="Pictures">As PNG, each with what stands below it; empty for nothing.</param>
internal sealed record PictureRow(string Name, IReadOnlyList<(byte[] Png, string Caption)> Pictures);
