namespace ImplicitNet.Models;

/// <summary>The images that a network takes.</summary>
/// <param name="Height">In pixels.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Channels">Of a pixel.</param>
/// <param name="Classes">That it knows.</param>
internal readonly record struct ImageSizes(int Height, int Width, int Channels, int Classes);
