using System.Buffers.Binary;

namespace ImplicitNet.Fuzz.Pictures;

/// <summary>Makes GIF files with right codes.</summary>
internal static class GifBytes
{
    /// <summary>What stands before the codes, and blocks of codes.</summary>
    public static byte[] Of(int width, int height, (int Left, int Top, int Width, int Height) frame, byte[] palette, int bits, bool isInterlaced, int? transparent, byte[] codes)
    {
        List<byte> file = [.. "GIF89a"u8, .. Short(width), .. Short(height), (byte)(0x80 | (bits - 1)), 0, 0, .. palette];
        if (transparent is { } index)
        {
            file.AddRange([0x21, 0xF9, 4, 1, 0, 0, (byte)index, 0]);
        }

        file.AddRange([0x2C, .. Short(frame.Left), .. Short(frame.Top), .. Short(frame.Width), .. Short(frame.Height), (byte)(isInterlaced ? 0x40 : 0), (byte)Math.Max(bits, 2)]);
        foreach (byte[] block in codes.Chunk(255))
        {
            file.AddRange([(byte)block.Length, .. block]);
        }

        return [.. file, 0, 0x3B];
    }

    /// <summary>Packs pixels into codes of growing length; the table is cleared when it has so many codes, or never.</summary>
    public static byte[] Pack(IReadOnlyList<byte> pixels, int bits, int clearAfter = int.MaxValue)
    {
        bits = Math.Max(bits, 2);
        int clear = 1 << bits, next = clear + 2, width = bits + 1;
        Dictionary<(int Prefix, byte Pixel), int> known = [];
        List<byte> bytes = [];
        int pending = 0, pendingBits = 0;
        Emit(clear);
        int prefix = pixels[0];
        for (int i = 1; i < pixels.Count; i++)
        {
            if (known.TryGetValue((prefix, pixels[i]), out int code))
            {
                prefix = code;
                continue;
            }

            Emit(prefix);
            if (next < 4096)
            {
                known[(prefix, pixels[i])] = next++;
            }

            if (next >= clearAfter)
            {
                Emit(clear);
                known.Clear();
                (next, width) = (clear + 2, bits + 1);
            }

            prefix = pixels[i];
        }

        Emit(prefix);
        Emit(clear + 1);
        return [.. bytes, (byte)pending];

        // The reader knows one code less than the writer.
        void Emit(int code)
        {
            while (next - 1 >= 1 << width)
            {
                width++;
            }

            pending |= code << pendingBits;
            for (pendingBits += width; pendingBits >= 8; pendingBits -= 8)
            {
                bytes.Add((byte)pending);
                pending >>= 8;
            }
        }
    }

    /// <summary>A right file of random pixels, in runs.</summary>
    public static byte[] Random(FuzzRandom random, int width, int height, int bits, bool isInterlaced)
    {
        byte[] pixels = Runs(random, width * height, 1 << bits);
        return Of(width, height, (0, 0, width, height), random.Bytes(3 << bits), bits, isInterlaced, random.OneIn(2) ? random.Below(1 << bits) : null, Pack(pixels, bits, random.Of(int.MaxValue, 600, 4096)));
    }

    /// <summary>Pixels in runs of one value.</summary>
    public static byte[] Runs(FuzzRandom random, int count, int values)
    {
        byte[] pixels = new byte[count];
        for (int i = 0; i < count;)
        {
            int end = Math.Min(count, i + 1 + random.Small(30));
            pixels.AsSpan(i, end - i).Fill((byte)random.Below(values));
            i = end;
        }

        return pixels;
    }

    private static byte[] Short(int number)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)number);
        return bytes;
    }
}
