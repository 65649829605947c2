using System.Buffers.Binary;

namespace ImplicitNet.Fuzz;

/// <summary>The choices of one case: a function of its seed alone.</summary>
internal sealed class FuzzRandom(int seed)
{
    private static readonly long[] Edges =
    [
        0, 1, 2, 3, 7, 8, 15, 16, 127, 128, 255, 256, 1000, 32767, 32768, 65535, 65536, 1 << 20, 1 << 24, int.MaxValue - 1L, int.MaxValue,
        int.MaxValue + 1L, uint.MaxValue, 1L << 40, long.MaxValue - 1, long.MaxValue, long.MinValue, -1, -2, -128, int.MinValue,
    ];

    private readonly Random _random = new(seed);

    /// <summary>From 0 to one less than the end.</summary>
    public int Below(int end) => _random.Next(end);

    /// <summary>From the first to the last.</summary>
    public int Between(int first, int last) => _random.Next(first, last + 1);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => _random.Next(times) == 0;

    public double Share() => _random.NextDouble();

    public T Of<T>(params IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    /// <summary>A number at the edge of something, mostly.</summary>
    public long Edge() => OneIn(4) ? _random.NextInt64() >> _random.Next(64) : Of(Edges);

    /// <summary>A number, or seldom one at an edge.</summary>
    public long Or(long usual, int oneIn = 12) => OneIn(oneIn) ? Edge() : usual;

    public byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>A length that is small mostly.</summary>
    public int Small(int most) => _random.Next(1 + _random.Next(most + 1));

    public string Text(int most) => string.Concat(Enumerable.Range(0, Small(most)).Select(_ => (char)(OneIn(8) ? _random.Next(1, 0xD7FF) : _random.Next(' ', '~'))));

    /// <summary>Changes bytes of a file without regard to what they mean: some, none mostly.</summary>
    public byte[] Damaged(byte[] file, int oneIn)
    {
        if (!OneIn(oneIn) || file.Length == 0)
        {
            return file;
        }

        List<byte> bytes = [.. file];
        for (int change = Small(6); change >= 0 && bytes.Count > 0; change--)
        {
            int place = Below(bytes.Count);
            switch (Below(6))
            {
                case 0:
                    bytes[place] ^= (byte)(1 << Below(8));
                    break;
                case 1:
                    bytes[place] = Of<byte>(0, 1, 0x7F, 0x80, 0xFF, (byte)Below(256));
                    break;
                case 2:
                    bytes.RemoveRange(place, Math.Min(1 + Small(40), bytes.Count - place));
                    break;
                case 3:
                    bytes.InsertRange(place, Bytes(1 + Small(40)));
                    break;
                case 4:
                    bytes.InsertRange(place, bytes.GetRange(place, Math.Min(1 + Small(200), bytes.Count - place)));
                    break;
                default:
                    byte[] number = new byte[8];
                    BinaryPrimitives.WriteInt64LittleEndian(number, Edge());
                    int width = Of(2, 4, 8);
                    if (OneIn(2))
                    {
                        number.AsSpan(0, width).Reverse();
                    }

                    for (int i = 0; i < width && place + i < bytes.Count; i++)
                    {
                        bytes[place + i] = number[i];
                    }

                    break;
            }
        }

        return OneIn(6) ? [.. bytes[..Below(bytes.Count + 1)]] : [.. bytes];
    }
}
