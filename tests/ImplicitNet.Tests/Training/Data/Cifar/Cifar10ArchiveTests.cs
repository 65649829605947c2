using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Cifar;

namespace ImplicitNet.Tests.Training.Data.Cifar;

public sealed class Cifar10ArchiveTests
{
    private static readonly (string Name, byte[] Content)[] Files = [.. Cifar10Bytes.Files(".bin", Cifar10Bytes.Binary)];

    [Fact]
    public void What_is_no_archive_is_refused()
    {
        Refused([], "the archive ends here");
        Refused("no archive"u8.ToArray(), "cannot be unpacked");
        Refused(IdxBytes.Packed(new byte[100]), "the archive ends here");
        Refused(IdxBytes.Packed([.. Enumerable.Repeat((byte)7, 4096)]), "there is no header of a tar archive here");
    }

    [Fact]
    public void An_archive_that_is_cut_short_is_refused()
    {
        byte[] tar = Cifar10Bytes.Tar(Files);
        Refused(IdxBytes.Packed(tar.AsSpan(0, tar.Length - 1024)), "cut short");
        Refused(IdxBytes.Packed(tar.AsSpan(0, 5000)), "cut short");
        byte[] packed = IdxBytes.Packed(tar);
        Refused(packed[..(packed.Length / 2)], "cut short");
    }

    [Fact]
    public void An_archive_without_a_file_is_refused_by_the_names_of_those_it_lacks() =>
        Refused(IdxBytes.Packed(Cifar10Bytes.Tar(Files[1..5])), "the archive lacks data_batch_1.bin, test_batch.bin");

    [Fact]
    public void A_file_that_is_there_twice_is_refused() => Refused(IdxBytes.Packed(Cifar10Bytes.Tar([.. Files, Files[2]])), "data_batch_3.bin is there twice");

    [Fact]
    public void A_damaged_byte_is_found_by_the_checksum_of_the_packing()
    {
        byte[] archive = IdxBytes.Packed(Cifar10Bytes.Tar(Files));
        archive[^6] ^= 1; // within the CRC-32, which stands before the size
        Refused(archive, "cannot be unpacked");
    }

    [Theory]
    [InlineData(30_730_001, "has 30730001 bytes, expected 30730000 at most")]
    [InlineData(0x1_0000_0000, "has 4294967296 bytes")]
    [InlineData(30_000_000, "cut short")]
    public void A_size_that_no_file_has_is_refused_before_it_is_read(long announced, string expected) =>
        Refused(IdxBytes.Packed(Cifar10Bytes.Member("data_batch_1.bin", [1, 2, 3], '0', announced)), expected);

    [Fact]
    public void An_attribute_that_announces_much_costs_nothing()
    {
        byte[] archive = IdxBytes.Packed(Cifar10Bytes.Member("x", [1, 2, 3], 'x', 0x7000_0000));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(archive, "cut short");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static void Refused(byte[] archive, string expected)
    {
        DataFileException fault = Assert.Throws<DataFileException>(() => Cifar10Archive.Read(new MemoryStream(archive), "a.tar.gz", Cifar10Form.Binary));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith("a.tar.gz", fault.Message, StringComparison.Ordinal);
    }
}
