using System.Collections.Immutable;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class IdxFileTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Images_are_read_plain_and_packed(bool packed)
    {
        byte[] file = IdxBytes.Images(3, 4, 5);
        IdxImages images = ReadImages(packed ? IdxBytes.Packed(file) : file);
        Assert.Equal((3, 4, 5), (images.Count, images.Height, images.Width));
        Assert.Equal(file[16..], images.Pixels);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Images_larger_than_the_first_chunk_are_read(bool packed)
    {
        byte[] file = IdxBytes.Images(300, 28, 28);
        Assert.Equal(file[16..], ReadImages(packed ? IdxBytes.Packed(file) : file).Pixels);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Labels_are_read_plain_and_packed(bool packed)
    {
        byte[] file = IdxBytes.Labels(3, 0, 9);
        Assert.Equal<byte>([3, 0, 9], ReadLabels(packed ? IdxBytes.Packed(file) : file));
    }

    [Fact]
    public void A_wrong_magic_number_is_refused()
    {
        Refused(() => ReadImages(IdxBytes.Labels(1, 2)), 0, "magic number 0x00000801, expected 0x00000803, that of an IDX file of images");
        Refused(() => ReadLabels(IdxBytes.Images(1, 2, 2)), 0, "magic number 0x00000803, expected 0x00000801, that of an IDX file of labels");
    }

    [Fact]
    public void An_empty_file_is_refused() => Refused(() => ReadImages([]), 0, "ends inside the magic number");

    [Fact]
    public void A_file_that_ends_in_its_header_is_refused() =>
        Refused(() => ReadImages(IdxBytes.Images(1, 2, 2)[..10]), 8, "ends inside the number of rows");

    [Fact]
    public void A_truncated_file_is_refused()
    {
        byte[] file = IdxBytes.Images(3, 4, 5);
        Refused(() => ReadImages(file[..^1]), 4, "too short");
        Refused(() => ReadImages(IdxBytes.Packed(file.AsSpan(0, file.Length - 1))), 75, "the file ends here, expected 76 bytes for 3 images of 4 x 5");
    }

    [Fact]
    public void A_packed_file_cut_short_is_refused()
    {
        byte[] packed = IdxBytes.Packed(IdxBytes.Images(30, 4, 5));
        for (int length = 2; length < packed.Length; length++)
        {
            Assert.Throws<DataFileException>(() => ReadImages(packed.AsSpan(0, length).ToArray()));
        }
    }

    [Fact]
    public void A_packed_file_with_bytes_added_is_refused() =>
        Refused(() => ReadImages([.. IdxBytes.Packed(IdxBytes.Images(3, 4, 5)), 1, 2, 3, 4]), 76, "cut short, or bytes were added");

    [Fact]
    public void A_packed_file_with_a_wrong_checksum_is_refused()
    {
        byte[] packed = IdxBytes.Packed(IdxBytes.Images(3, 4, 5));
        packed[^8] ^= 1;
        Refused(() => ReadImages(packed), null, "cannot be unpacked");
    }

    [Fact]
    public void Bytes_beyond_the_end_are_refused()
    {
        byte[] file = [.. IdxBytes.Images(3, 4, 5), 7];
        Refused(() => ReadImages(file), 76, "more bytes follow, expected the end of the file after 3 images of 4 x 5");
        Refused(() => ReadImages(IdxBytes.Packed(file)), 76, "more bytes follow");
    }

    [Fact]
    public void A_label_out_of_range_is_refused() =>
        Refused(() => ReadLabels(IdxBytes.Labels(1, 9, 10)), 10, "label 10 of image 2 is out of range: expected 0 to 9");

    [Theory]
    [InlineData(0u, 2u, 2u, 4, "number of images is 0")]
    [InlineData(2u, 0u, 2u, 8, "number of rows is 0")]
    [InlineData(2u, 2u, 0u, 12, "number of columns is 0")]
    public void A_size_of_zero_is_refused(uint count, uint height, uint width, int offset, string message) =>
        Refused(() => ReadImages(IdxBytes.Of(0x0803, [count, height, width], [])), offset, message);

    [Theory]
    [InlineData(uint.MaxValue, uint.MaxValue, uint.MaxValue)]
    [InlineData(1u << 30, 1u << 30, 1u << 30)]
    [InlineData(1u << 30, 1u, 1u)]
    [InlineData(65_536u, 128u, 128u)]
    public void A_huge_announced_size_costs_no_memory(uint count, uint height, uint width)
    {
        byte[] file = IdxBytes.Of(0x0803, [count, height, width], new byte[100]);
        byte[] packed = IdxBytes.Packed(file);
        Assert.Throws<DataFileException>(() => ReadImages(file)); // compiles what is measured next
        Assert.Throws<DataFileException>(() => ReadImages(packed));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<DataFileException>(() => ReadImages(file));
        Assert.Throws<DataFileException>(() => ReadImages(packed));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_packed_file_that_never_ends_is_read_only_as_far_as_it_announces()
    {
        byte[] packed = IdxBytes.Packed([.. IdxBytes.Of(0x0803, [1, 10, 10], []), .. new byte[100_000_000]]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(() => ReadImages(packed), 116, "more bytes follow");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused_in_one_line()
    {
        DataFileException fault = Assert.Throws<DataFileException>(() => IdxFile.ReadImages("/no/such\nfolder/images"));
        Assert.Null(fault.Offset);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.StartsWith("/no/such folder/images: the file cannot be read: ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_place_of_a_file_is_refused() =>
        Assert.Throws<DataFileException>(() => IdxFile.ReadLabels(Path.GetTempPath(), 10));

    [Fact]
    public void Images_and_labels_of_different_number_are_refused()
    {
        using TemporaryFolder folder = new();
        string images = folder.Write("images", IdxBytes.Images(3, 2, 2));
        string labels = folder.Write("labels", IdxBytes.Labels(1, 2));
        Refused(() => IdxFile.ReadDataset("pair", images, labels, 10), 4, "found 3 images, expected 2, the number of labels in " + labels);
    }

    [Fact]
    public void Images_and_labels_of_one_number_make_a_dataset()
    {
        using TemporaryFolder folder = new();
        string images = folder.Write("images", IdxBytes.Images(3, 2, 2));
        string labels = folder.Write("labels", IdxBytes.Labels(1, 2, 0));
        ImageDataset dataset = IdxFile.ReadDataset("pair", images, labels, 3);
        Assert.Equal((3, 2, 2, 1, 3), (dataset.Count, dataset.Height, dataset.Width, dataset.Channels, dataset.ClassCount));
        Assert.Equal([4, 5, 6, 7], dataset.Image(1).ToArray());
    }

    private static IdxImages ReadImages(byte[] file) => IdxFile.ReadImages(new MemoryStream(file), "file");

    private static ImmutableArray<byte> ReadLabels(byte[] file) => IdxFile.ReadLabels(new MemoryStream(file), "file", 10);

    private static void Refused(Func<object> read, long? offset, string message)
    {
        DataFileException fault = Assert.Throws<DataFileException>(read);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        if (offset is not null)
        {
            Assert.Equal(offset, fault.Offset);
            Assert.Contains($"byte {offset}: ", fault.Message, StringComparison.Ordinal);
        }
    }
}
