using System.Buffers.Binary;

namespace ImplicitNet.Cli.Images;

/// <summary>What the markers of a JPEG file (ITU-T T.81) say: sizes, and how much work the scans are.</summary>
internal sealed class JpegHeader
{
    // An image of 64 million pixels in three full components has 3 million blocks; a progressive one has about ten scans.
    private const long MostBlocksOfAllScans = 48_000_000;
    private const int CoefficientsOfBlock = 64;

    private JpegHeader(int height, int width, long blocks, bool isBuffered, int scans)
    {
        (Height, Width, Blocks, Scans) = (height, width, blocks, scans);
        CoefficientBytes = isBuffered ? blocks * CoefficientsOfBlock * sizeof(short) : 0;
    }

    public int Height { get; }

    public int Width { get; }

    /// <summary>The memory that a decoder needs to join several scans; 0 where one scan has all.</summary>
    public long CoefficientBytes { get; }

    private long Blocks { get; }

    private int Scans { get; }

    /// <summary>Reads all markers.</summary>
    /// <exception cref="ImageFileException">The file is damaged, or of a kind that is not read.</exception>
    public static JpegHeader Read(ReadOnlySpan<byte> content, string path)
    {
        ReadOnlySpan<byte> frame = [];
        bool isProgressive = false, isBuffered = false;
        int scans = 0;
        for (int place = 2; place + 3 < content.Length;)
        {
            // What is between a scan's head and the next marker is its data: there 0xFF is followed by 0 or a restart marker.
            byte marker = content[place + 1];
            if (content[place] != 0xFF || marker is 0 or 0xFF or 0x01 or (>= 0xD0 and <= 0xD8))
            {
                place++;
                continue;
            }

            if (marker == 0xD9)
            {
                break;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(content[(place + 2)..]);
            if (length < 2 || length + 2 > content.Length - place)
            {
                break;
            }

            ReadOnlySpan<byte> segment = content.Slice(place + 4, length - 2);
            switch (marker)
            {
                case 0xC0 or 0xC1 or 0xC2 when frame.IsEmpty && segment.Length >= 6:
                    frame = segment;
                    isProgressive = marker == 0xC2;
                    break;
                case 0xC3 or (>= 0xC5 and <= 0xC7) or (>= 0xC9 and <= 0xCB) or (>= 0xCD and <= 0xCF):
                    throw new ImageFileException(
                        path, "the image cannot be decoded: it is a lossless, hierarchical or arithmetically coded JPEG; "
                        + "baseline and progressive ones are read.");
                case 0xDA:
                    scans++;
                    isBuffered |= isProgressive || (scans == 1 && !segment.IsEmpty && !frame.IsEmpty && segment[0] < frame[5]);
                    break;
            }

            place += length + 2;
        }

        if (frame.IsEmpty || scans == 0)
        {
            throw new ImageFileException(path, "the image is cut off.");
        }

        int height = BinaryPrimitives.ReadUInt16BigEndian(frame[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(frame[3..]);
        return new JpegHeader(height, width, BlocksOf(frame, height, width), isBuffered, scans);
    }

    /// <summary>Checks that the scans together are bearable work: a small file may have thousands, each over the whole image.</summary>
    /// <exception cref="ImageFileException">They are not.</exception>
    public void EnsureBearableWork(string path)
    {
        if (Scans * Blocks > MostBlocksOfAllScans)
        {
            throw new ImageFileException(
                path, $"{Scans} scans of {Width} x {Height} pixels are more work than any picture needs; "
                + "store it as a baseline JPEG or as PNG.");
        }
    }

    // The blocks of all components: each is so much smaller than the image as its factors are smaller than the largest.
    private static long BlocksOf(ReadOnlySpan<byte> frame, int height, int width)
    {
        int components = Math.Min(frame[5], (frame.Length - 6) / 3);
        int widest = 1, highest = 1;
        for (int i = 0; i < components; i++)
        {
            widest = Math.Max(widest, frame[7 + (3 * i)] >> 4);
            highest = Math.Max(highest, frame[7 + (3 * i)] & 15);
        }

        long blocks = 0;
        long units = ((width + (8L * widest) - 1) / (8L * widest)) * ((height + (8L * highest) - 1) / (8L * highest));
        for (int i = 0; i < components; i++)
        {
            blocks += units * (frame[7 + (3 * i)] >> 4) * (frame[7 + (3 * i)] & 15);
        }

        return blocks;
    }
}
