namespace ImplicitNet.Kernels.Winograd;

/// <summary>The outputs of a tile in memory.</summary>
/// <param name="Pixel">The first, counted through all samples.</param>
/// <param name="Lines">1 to 3: fewer at the border of an image.</param>
/// <param name="Pixels">The same in a line.</param>
/// <param name="Width">Pixels in a line of the image.</param>
internal readonly record struct WinogradPatch(int Pixel, int Lines, int Pixels, int Width);
