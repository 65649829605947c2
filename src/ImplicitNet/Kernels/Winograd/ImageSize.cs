namespace ImplicitNet.Kernels.Winograd;

/// <summary>The size of an image, and the tiles of 3 x 3 outputs that cover it.</summary>
/// <param name="Height">Lines.</param>
/// <param name="Width">Pixels in a line.</param>
internal readonly record struct ImageSize(int Height, int Width)
{
    /// <summary>Pixels.</summary>
    public int Pixels => Height * Width;

    /// <summary>Lines of tiles.</summary>
    public int TileRows => (Height + WinogradTile.Outputs - 1) / WinogradTile.Outputs;

    /// <summary>Tiles in a line.</summary>
    public int TileColumns => (Width + WinogradTile.Outputs - 1) / WinogradTile.Outputs;

    /// <summary>Tiles.</summary>
    public int Tiles => TileRows * TileColumns;
}
