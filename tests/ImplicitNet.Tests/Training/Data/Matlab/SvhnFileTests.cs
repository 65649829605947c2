using System.Text;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Matlab;

namespace ImplicitNet.Tests.Training.Data.Matlab;

public sealed class SvhnFileTests
{
    private static readonly byte[] Labels = MatBytes.Labels(1, 9, 10);

    public static TheoryData<byte[], string> Others => new()
    {
        { [], "no header of a MAT file" },
        { MatBytes.Header()[..100], "no header of a MAT file" },
        { MatBytes.Header(end: [0, 2, (byte)'I', (byte)'M']), "no header of a MAT file" },
        { MatBytes.Header(end: [1, 0, (byte)'M', (byte)'I']), "most significant bytes first" },
        { MatBytes.Header("MATLAB 7.3 MAT-file, Platform: GLNXA64", 0, 2, (byte)'I', (byte)'M'), "version 7.3 (HDF5), expected one of version 5 to 7; in MATLAB, load it and save it with -v7" },
        { [0x89, .. Encoding.ASCII.GetBytes("HDF\r\n\u001a\n"), .. new byte[600]], "version 7.3 (HDF5)" },
        { MatBytes.File(), "there is no array X" },
        { MatBytes.File(MatBytes.Images(3)), "there is no array y" },
        { MatBytes.File(MatBytes.Images(3), Labels, Labels), "the array y is there twice" },
        { MatBytes.File(MatBytes.Images(2), Labels), "X holds 2 images, and y 3 labels" },
        { MatBytes.File(MatBytes.Images(3), MatBytes.Labels(1, 0, 2)), "label 0 of image 1 is out of range: expected 1 to 10" },
        { MatBytes.File(MatBytes.Images(3), MatBytes.Labels(1, 11, 2)), "label 11 of image 1" },
        { MatBytes.File(MatBytes.Images(3), Doubles(1, 2.5, 3)), "label 2.5 of image 1" },
        { MatBytes.File(MatBytes.Images(3), Doubles(1, double.NaN, 3)), "label NaN of image 1" },
        { MatBytes.File(Labels, MatBytes.Array("X", MatBytes.UInt8Class, [28, 28, 3, 1], MatBytes.UInt8, new byte[2352])), "X is 28 x 28 x 3 x 1, expected 32 x 32 x 3" },
        { MatBytes.File(Labels, MatBytes.Array("X", MatBytes.UInt8Class, [32, 32, 3, int.MaxValue], MatBytes.UInt8, [])), "X is 32 x 32 x 3 x 2147483647" },
        { MatBytes.File(Labels, MatBytes.Array("X", MatBytes.UInt8Class, [], MatBytes.UInt8, [])), "X is without sizes" },
        { MatBytes.File(Labels, MatBytes.Array("X", MatBytes.DoubleClass, [32, 32, 3], MatBytes.UInt8, new byte[3072])), "class 6" },
        { MatBytes.File(Labels, MatBytes.Array("X", MatBytes.UInt8Class, [32, 32, 3], MatBytes.UInt8, new byte[3072], flags: 0x0800)), "complex" },
        { MatBytes.File(Labels, MatBytes.Array("X", 1, [32, 32, 3], MatBytes.UInt8, new byte[3072])), "no array of real numbers (class 1)" },
        { MatBytes.File(Labels, MatBytes.Array("X", MatBytes.UInt8Class, [32, 32, 3], MatBytes.UInt8, new byte[3071])), "3071 bytes" },
        { MatBytes.File(MatBytes.Array("y", MatBytes.UInt8Class, [3, 2], MatBytes.UInt8, new byte[6])), "y is 3 x 2, expected" },
        { MatBytes.File(MatBytes.Array("y", MatBytes.DoubleClass, [3, 1], MatBytes.Double, new byte[16])), "16 bytes, expected 3 numbers of 8" },
        { MatBytes.File(MatBytes.Array("y", MatBytes.DoubleClass, [3, 1], 16, new byte[24])), "16, which are not read here" },
        { MatBytes.File(MatBytes.Images(3), Labels)[..^1], "the file was cut short" },
        { [.. MatBytes.File(MatBytes.Images(3), Labels), 1], "ends inside the type and size" },
        { MatBytes.File(MatBytes.Element(MatBytes.Matrix, [.. MatBytes.Element(MatBytes.Int32, new byte[8])])), "the flags of an array" },
        { MatBytes.File([.. MatBytes.Number(MatBytes.Matrix), .. MatBytes.Number(0)]), "reaches beyond its end" },
    };

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Images_and_labels_are_read_packed_or_not(bool isXPacked, bool isYPacked)
    {
        byte[] x = MatBytes.Images(3), other = MatBytes.Array("note", 4, [1, 2], MatBytes.UInt16, [65, 0, 66, 0]);
        byte[] file = MatBytes.File(isXPacked ? MatBytes.Packed(x) : x, MatBytes.Packed(other), other, isYPacked ? MatBytes.Packed(Labels) : Labels);
        ImageDataset dataset = Read(file);
        Assert.Equal([1, 9, 0], dataset.Labels.ToArray());
        Assert.Equal(("svhn", 3, 32, 32, 3, 10), (dataset.Name, dataset.Count, dataset.Height, dataset.Width, dataset.Channels, dataset.ClassCount));
        for (int index = 0; index < 3; index++)
        {
            for (int place = 0; place < 3072; place++)
            {
                int channel = place % 3, column = place / 3 % 32, row = place / 96;
                Assert.Equal(MatBytes.Value((index * 3072) + (channel * 1024) + (column * 32) + row), dataset.Image(index)[place]);
            }
        }
    }

    [Fact]
    public void More_images_than_the_first_memory_holds_are_read()
    {
        ImageDataset dataset = Read(MatBytes.File(MatBytes.Packed(MatBytes.Images(700)), MatBytes.Labels([.. Enumerable.Repeat((byte)10, 700)])));
        Assert.Equal(700, dataset.Count);
        Assert.Equal(MatBytes.Value((699 * 3072) + 3071), dataset.Image(699)[3071]);
    }

    [Fact]
    public void One_image_has_no_fourth_dimension() => Assert.Equal(1, Read(MatBytes.File(MatBytes.Images(1), MatBytes.Labels(5))).Count);

    [Theory]
    [InlineData(MatBytes.UInt8)]
    [InlineData(MatBytes.Int8)]
    [InlineData(MatBytes.UInt16)]
    [InlineData(MatBytes.Int16)]
    [InlineData(MatBytes.Int32)]
    [InlineData(MatBytes.UInt32)]
    [InlineData(MatBytes.Single)]
    [InlineData(MatBytes.Double)]
    public void Labels_may_be_numbers_of_any_type(int type)
    {
        byte[] content = [.. ((double[])[2, 10, 7]).SelectMany(label => type switch
        {
            MatBytes.UInt8 or MatBytes.Int8 => [(byte)label],
            MatBytes.UInt16 or MatBytes.Int16 => BitConverter.GetBytes((short)label),
            MatBytes.Int32 or MatBytes.UInt32 => BitConverter.GetBytes((int)label),
            MatBytes.Single => BitConverter.GetBytes((float)label),
            _ => BitConverter.GetBytes(label),
        })];
        byte[] labels = MatBytes.Array("y", MatBytes.DoubleClass, [3, 1], type, content);
        Assert.Equal([2, 0, 7], Read(MatBytes.File(MatBytes.Images(3), labels)).Labels.ToArray());
    }

    [Theory]
    [MemberData(nameof(Others))]
    public void Another_file_is_refused(byte[] file, string expected) => Refused(file, expected);

    [Fact]
    public void A_damaged_byte_is_found_by_the_checksum_of_the_packing()
    {
        byte[] packed = MatBytes.Packed(MatBytes.Images(3));
        packed[^2] ^= 1; // within the Adler-32 at the end
        Refused(MatBytes.File(packed, Labels), "unpacked");
        byte[] longer = MatBytes.Packed([.. MatBytes.Images(3), 7]);
        Refused(MatBytes.File(longer, Labels), "more follows the array X");
        Refused(MatBytes.File([.. MatBytes.Number(MatBytes.Compressed), .. MatBytes.Number(3), 1, 2, 3]), "cannot be unpacked");
    }

    [Fact]
    public void A_size_announced_costs_nothing()
    {
        // 200,000 images in an element that zlib could have packed so, but that ends after its header.
        byte[] x = MatBytes.Array("X", MatBytes.UInt8Class, [32, 32, 3, 200_000], MatBytes.UInt8, []);
        byte[] header = [.. x[..^8], .. MatBytes.Number(MatBytes.UInt8), .. MatBytes.Number(200_000 * 3072)];
        BitConverter.GetBytes(200_000 * 3072 + header.Length - 8).CopyTo(header, 4);
        byte[] packed = MatBytes.Packed(header);
        Refused(MatBytes.File(packed, Labels), "compressed ones cannot hold so many");
        byte[] large = [.. packed, .. new byte[1 << 20]];
        BitConverter.GetBytes(large.Length - 8).CopyTo(large, 4);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(MatBytes.File(large, Labels), "cut short");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_refused() =>
        Assert.Contains("cannot be read", Assert.Throws<DataFileException>(() => SvhnFile.Read(Path.GetTempPath(), "svhn")).Message, StringComparison.Ordinal);

    private static byte[] Doubles(params double[] labels) =>
        MatBytes.Array("y", MatBytes.DoubleClass, [labels.Length, 1], MatBytes.Double, [.. labels.SelectMany(BitConverter.GetBytes)]);

    private static ImageDataset Read(byte[] file) => SvhnFile.Read(new MemoryStream(file), "x.mat", "svhn");

    private static void Refused(byte[] file, string expected)
    {
        DataFileException fault = Assert.Throws<DataFileException>(() => Read(file));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith("x.mat", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MatBytes.Int8, 8, 1)]
    [InlineData(MatBytes.UInt8, 9, 1)]
    [InlineData(MatBytes.Int16, 10, 2)]
    [InlineData(MatBytes.UInt16, 11, 2)]
    [InlineData(MatBytes.Int32, 12, 4)]
    [InlineData(MatBytes.UInt32, 13, 4)]
    [InlineData(MatBytes.Int64, 14, 8)]
    [InlineData(MatBytes.UInt64, 15, 8)]
    public void Labels_of_every_class_of_whole_numbers_are_read(int type, int arrayClass, int width)
    {
        byte[] numbers = [.. ((byte[])[1, 9, 10]).SelectMany(label => (byte[])[label, .. new byte[width - 1]])];
        byte[] file = MatBytes.File(MatBytes.Images(3), MatBytes.Array("y", arrayClass, [3, 1], type, numbers));
        Assert.Equal([1, 9, 0], SvhnFile.Read(new MemoryStream(file), "x.mat", "SVHN").Labels.ToArray());
    }
}
