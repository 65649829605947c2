namespace ImplicitNet.Cli.Images;

/// <summary>Undoes the filters of PNG, which tell a byte as its difference from the bytes left, above and left above.</summary>
internal static class PngFilter
{
    /// <summary>Undoes one row in place.</summary>
    /// <param name="filter">0 none, 1 left, 2 above, 3 mean, 4 Paeth.</param>
    /// <param name="row">The bytes of the row.</param>
    /// <param name="above">Those of the row above, or zeros.</param>
    /// <param name="back">Bytes from a pixel to the one on its left.</param>
    /// <returns>False for a filter that there is not.</returns>
    public static bool Undo(byte filter, Span<byte> row, ReadOnlySpan<byte> above, int back)
    {
        switch (filter)
        {
            case 0:
                return true;
            case 1:
                for (int i = back; i < row.Length; i++)
                {
                    row[i] += row[i - back];
                }

                return true;
            case 2:
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] += above[i];
                }

                return true;
            case 3:
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] += (byte)(((i < back ? 0 : row[i - back]) + above[i]) / 2);
                }

                return true;
            case 4:
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] += i < back ? above[i] : Nearest(row[i - back], above[i], above[i - back]);
                }

                return true;
            default:
                return false;
        }
    }

    // A. W. Paeth, "Image file compression made easy", 1991: the neighbour nearest to left + above - left above.
    private static byte Nearest(int left, int above, int corner)
    {
        int fromLeft = Math.Abs(above - corner);
        int fromAbove = Math.Abs(left - corner);
        int fromCorner = Math.Abs(left + above - (2 * corner));
        return (byte)(fromLeft <= fromAbove && fromLeft <= fromCorner ? left : fromAbove <= fromCorner ? above : corner);
    }
}
