using System.Runtime.InteropServices;

namespace ImplicitNet.Reports.Drawing;

/// <summary>A palette of the most frequent colours of some pictures; every other colour becomes the nearest of them.</summary>
internal sealed class GifColours
{
    private readonly uint[] _palette;
    private readonly Dictionary<uint, byte> _places = [];

    /// <summary>Chooses the palette.</summary>
    /// <param name="pictures">Pixels, 0xRRGGBB; one picture at least, with a pixel at least.</param>
    /// <param name="most">Colours at most, 1 to 256.</param>
    public GifColours(IEnumerable<uint[]> pictures, int most)
    {
        Dictionary<uint, long> counts = [];
        foreach (uint[] pixels in pictures)
        {
            foreach (uint pixel in pixels)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(counts, pixel, out _)++;
            }
        }

        _palette = [.. counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).Take(most).Select(pair => pair.Key)];
    }

    /// <summary>The colours, the most frequent one first.</summary>
    public IReadOnlyList<uint> Palette => _palette;

    /// <summary>A picture as places in the palette.</summary>
    public byte[] Places(uint[] pixels) => Array.ConvertAll(pixels, Place);

    private byte Place(uint colour)
    {
        if (!_places.TryGetValue(colour, out byte place))
        {
            _places[colour] = place = (byte)Enumerable.Range(0, _palette.Length).MinBy(i => Distance(_palette[i], colour));
        }

        return place;
    }

    private static int Distance(uint first, uint second)
    {
        int sum = 0;
        for (int shift = 0; shift < 24; shift += 8)
        {
            int difference = (int)((first >> shift) & 255) - (int)((second >> shift) & 255);
            sum += difference * difference;
        }

        return sum;
    }
}
