using System.IO.Compression;
using ImplicitNet.Fuzz.Files;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Cifar;
using ImplicitNet.Training.Data.Matlab;

namespace ImplicitNet.Fuzz.Formats;

/// <summary>Files of data sets.</summary>
internal abstract class DataFormat : FuzzFormat
{
    public override bool IsRefusal(Exception exception) => exception is DataFileException;
}

/// <summary>IDX files of images and labels, packed or not.</summary>
internal sealed class IdxFormat : DataFormat
{
    public override string Name => "idx";

    public override byte[] Make(FuzzRandom random)
    {
        bool isImages = random.OneIn(2);
        int[] sizes = isImages ? [random.Between(1, 9), random.Between(1, 30), random.Between(1, 30)] : [random.Between(1, 50)];
        int count = sizes.Aggregate(1, (product, size) => product * size);
        byte[] values = random.OneIn(10) ? random.Bytes(random.Small(2 * count)) : isImages ? random.Bytes(count) : [.. random.Bytes(count).Select(value => (byte)(value % 10))];
        byte[] file = IdxBytes.Of((uint)random.Or(isImages ? 0x0803 : 0x0801, 20), [.. sizes.Select(size => (uint)random.Or(size, 10))], values);
        file = random.Damaged(file, 6);
        return random.OneIn(2) ? random.Damaged(random.OneIn(20) ? IdxBytes.Packed(new byte[1 << 20]) : IdxBytes.Packed(file), 4) : file;
    }

    public override void Read(string path, FuzzRandom random)
    {
        if (random.OneIn(2))
        {
            IdxFile.ReadImages(path);
        }
        else
        {
            IdxFile.ReadLabels(path, 10);
        }
    }
}

/// <summary>MAT files of SVHN.</summary>
internal sealed class MatFormat : DataFormat
{
    public override string Name => "mat";

    public override byte[] Make(FuzzRandom random)
    {
        int count = random.Between(1, 3);
        int labelType = random.Of(MatBytes.UInt8, MatBytes.Double, MatBytes.Int32, MatBytes.Single, 12, 13, random.OneIn(8) ? random.Below(20) : MatBytes.UInt8);
        int width = labelType switch { MatBytes.Double or 12 or 13 => 8, MatBytes.Int32 or MatBytes.UInt32 or MatBytes.Single => 4, MatBytes.Int16 or MatBytes.UInt16 => 2, _ => 1 };
        byte[] labels = new byte[count * width];
        for (int i = 0; i < count; i++)
        {
            labels[i * width] = (byte)random.Between(1, 10);
        }

        List<byte[]> elements =
        [
            MatBytes.Array("X", (int)random.Or(9, 60), [.. new int[] { 32, 32, 3, count }.Select(size => (int)random.Or(size, 80))], (int)random.Or(2, 60), random.Bytes(3072 * (random.OneIn(10) ? random.Below(3) : count)), (int)random.Or(0, 30)),
            MatBytes.Array(random.OneIn(20) ? random.Text(40) : "y", (int)random.Or(9, 60), [(int)random.Or(count, 60), (int)random.Or(1, 60)], labelType, labels),
        ];
        elements = [.. elements.Select(element => random.Damaged(element, 10)).Select(element => random.OneIn(2) ? MatBytes.Packed(element) : element)];
        if (random.OneIn(8))
        {
            elements.Insert(random.Below(3), random.OneIn(2) ? elements[0] : MatBytes.Packed(MatBytes.Element(random.Below(20), new byte[random.Small(1 << 18)])));
        }

        return random.Damaged(MatBytes.File([.. elements]), 4);
    }

    public override void Read(string path, FuzzRandom random) => SvhnFile.Read(path, "SVHN");
}

/// <summary>Texts in UTF-8.</summary>
internal sealed class TextFormat : DataFormat
{
    public override string Name => "text";

    public override byte[] Make(FuzzRandom random)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Small(200)).Select(_ => random.Of("a", "é", "\n", "\u20AC", "\U0001F600", "\uFEFF"))));
        return random.Damaged(text, 3);
    }

    public override void Read(string path, FuzzRandom random)
    {
        if (TextFile.Read(path).AsSpan().ContainsAnyInRange('\0', '\0'))
        {
            throw new InvalidOperationException("A text with a byte 0 was read.");
        }
    }
}

/// <summary>Batches of CIFAR-10 in the binary form.</summary>
internal sealed class CifarBinaryFormat : DataFormat
{
    public override string Name => "cifar-binary";

    public override byte[] Make(FuzzRandom random) => random.Damaged(Cifar10Bytes.Binary([.. Enumerable.Range(0, random.Between(1, 3)).Select(_ => (byte)random.Or(random.Below(10), 10))]), 3);

    public override void Read(string path, FuzzRandom random) => BinaryBatch.Parse(File.ReadAllBytes(path), path);
}

/// <summary>Batches of CIFAR-10 as Python pickles them.</summary>
internal sealed class CifarPickleFormat : DataFormat
{
    private static readonly byte[] Instructions = [.. "(.)abcehjqrstuNKMJUTX]}"u8, 0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A];

    public override string Name => "cifar-pickle";

    public override byte[] Make(FuzzRandom random)
    {
        List<byte> file = [.. Cifar10Bytes.Pickled([.. Enumerable.Range(0, random.Between(1, 2)).Select(_ => (byte)random.Below(10))])];
        for (int change = random.Small(4); change > 0; change--)
        {
            // At the ends, where the instructions are: the middle is pixels.
            int place = random.OneIn(2) ? random.Below(Math.Min(300, file.Count)) : file.Count - 1 - random.Below(Math.Min(300, file.Count));
            switch (random.Below(3))
            {
                case 0: file[place] = random.Of(Instructions); break;
                case 1: file.InsertRange(place, Enumerable.Repeat(random.Of(Instructions), random.OneIn(10) ? random.Small(200_000) : 1)); break;
                default: file[place] = (byte)random.Edge(); break;
            }
        }

        return random.Damaged([.. file], 6);
    }

    public override void Read(string path, FuzzRandom random) => PickledBatch.Parse(File.ReadAllBytes(path), path);
}

/// <summary>Archives of CIFAR-10: tar packed with gzip.</summary>
internal sealed class CifarArchiveFormat : DataFormat
{
    public override string Name => "cifar-archive";

    public override byte[] Make(FuzzRandom random)
    {
        List<(string Name, byte[] Content)> files = [.. Cifar10Bytes.Files(".bin", Cifar10Bytes.Binary)];
        int place = random.Below(files.Count);
        byte[] tar;
        if (random.OneIn(4))
        {
            tar = [.. Cifar10Bytes.Member(random.Of(files[place].Name, "pax", random.Text(90)), files[place].Content[..random.Below(files[place].Content.Length)], (char)random.Between('0', '9'), random.Edge() & 0x1FFFFFFFF), .. Cifar10Bytes.Tar(files)];
        }
        else
        {
            files[place] = (random.OneIn(3) ? files[random.Below(6)].Name : files[place].Name, random.Damaged(files[place].Content, 3));
            tar = Cifar10Bytes.Tar(files);
        }

        tar = random.Damaged(tar, 5);
        tar = random.OneIn(30) && tar.Length > 1024 ? [.. tar[..^1024], .. new byte[random.Small(1 << 20)]] : tar;
        using MemoryStream packed = new();
        using (GZipStream packer = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            packer.Write(tar);
        }

        return random.Damaged(packed.ToArray(), 5);
    }

    public override void Read(string path, FuzzRandom random) => Cifar10Archive.Read(path, Cifar10Form.Binary);
}
