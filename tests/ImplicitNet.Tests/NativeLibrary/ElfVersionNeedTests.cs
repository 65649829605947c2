using ImplicitNet.NativeLibrary;

namespace ImplicitNet.Tests.NativeLibrary;

public sealed class ElfVersionNeedTests
{
    private const string Library = "libstdc++.so.6";
    private const string Version = "GLIBCXX_3.4.32";

    [Fact]
    public void A_need_becomes_weak_and_nothing_else_changes()
    {
        byte[] image = Typical(Version).ToBytes();

        Assert.True(ElfVersionNeed.Weaken(image, Library, Version));
        Assert.Equal(Typical(new NeededVersion(Version, 2)).ToBytes(), image);
    }

    [Fact]
    public void A_need_made_weak_is_left_as_it_is_the_second_time()
    {
        byte[] image = Typical(Version).ToBytes();
        ElfVersionNeed.Weaken(image, Library, Version);

        AssertLeftAsItIs(image);
    }

    [Fact]
    public void A_need_already_weak_is_left_as_it_is() => AssertLeftAsItIs(Typical(new NeededVersion(Version, 2)).ToBytes());

    [Fact]
    public void Other_flags_of_the_need_are_kept()
    {
        byte[] image = new ElfImage().Needs(Library, new NeededVersion(Version, 0x8001)).ToBytes();

        Assert.True(ElfVersionNeed.Weaken(image, Library, Version));
        Assert.Equal(new ElfImage().Needs(Library, new NeededVersion(Version, 0x8003)).ToBytes(), image);
    }

    [Fact]
    public void Every_entry_of_the_version_becomes_weak()
    {
        byte[] image = new ElfImage().Needs(Library, Version).Needs(Library, "GLIBCXX_3.4", Version).ToBytes();

        Assert.True(ElfVersionNeed.Weaken(image, Library, Version));
        var weak = new NeededVersion(Version, 2);
        Assert.Equal(new ElfImage().Needs(Library, weak).Needs(Library, "GLIBCXX_3.4", weak).ToBytes(), image);
    }

    [Theory]
    [InlineData("GLIBCXX_3.4.3")]
    [InlineData("GLIBCXX_3.4.321")]
    [InlineData("GLIBCXX_3.4.30")]
    public void Another_version_is_left_as_it_is(string other) => AssertLeftAsItIs(Typical(other).ToBytes());

    [Fact]
    public void The_same_version_of_another_library_is_left_as_it_is() =>
        AssertLeftAsItIs(new ElfImage().Needs("libstdc++.so.7", Version).Needs("libstdc++", Version).ToBytes());

    [Fact]
    public void An_image_without_version_needs_is_left_as_it_is() => AssertLeftAsItIs(new ElfImage().ToBytes());

    [Theory]
    [InlineData(1, "At offset 0x0: expected an ELF image (7F 45 4C 46), found 7F 00 4C 46.")]
    [InlineData(4, "At offset 0x4: expected a 64-bit image (02), found 00.")]
    [InlineData(5, "At offset 0x5: expected a little-endian image (01), found 00.")]
    [InlineData(0x3a, "At offset 0x3a: expected section headers of 64 bytes, at least one, found 3 of 0 bytes.")]
    [InlineData(0x3c, "At offset 0x3a: expected section headers of 64 bytes, at least one, found 0 of 64 bytes.")]
    public void Another_kind_of_file_is_refused(int zeroedByte, string message) =>
        AssertRefused(message, ElfImage.Patched(Typical(Version).ToBytes(), zeroedByte, 0));

    [Fact]
    public void An_empty_file_is_refused() =>
        AssertRefused("At offset 0x0: expected an ELF image (7F 45 4C 46), 4 bytes, found the end of the file at 0x0.", []);

    [Fact]
    public void A_file_cut_short_is_refused_wherever_it_was_cut()
    {
        byte[] image = Typical(Version).ToBytes();

        Assert.All(Enumerable.Range(0, image.Length), length =>
            Assert.Throws<InvalidDataException>(() => ElfVersionNeed.Weaken(image[..length], Library, Version)));
        AssertRefused("At offset 0x0: expected the ELF header, 64 bytes, found the end of the file at 0x3f.", image[..63]);
    }

    [Theory]
    [InlineData(12, 8, "At offset 0x4c: expected 0 or at least 16 bytes to the next entry, found 8.")]
    [InlineData(28, 1, "At offset 0x5c: expected 0 or at least 16 bytes to the next entry, found 1.")]
    [InlineData(10, 255, "At offset 0xff0050: expected a needed version, 16 bytes, found the end of the file at 0x15b.")]
    public void An_entry_that_leads_astray_is_refused(int byteOfNeeds, byte value, string message)
    {
        byte[] image = new ElfImage().Needs(Library, Version, "GLIBCXX_3.4").ToBytes();

        AssertRefused(message, ElfImage.Patched(image, ElfImage.NeedsStart + byteOfNeeds, value));
    }

    [Fact]
    public void A_string_table_that_is_no_section_is_refused()
    {
        byte[] image = Typical(Version).ToBytes();

        AssertRefused("the number of a section, below 3, found 3.", ElfImage.Patched(image, image.Length - 64 + 0x28, 3));
    }

    private static ElfImage Typical(NeededVersion version) => new ElfImage()
        .Needs("libc.so.6", "GLIBC_2.14", "GLIBC_2.2.5")
        .Needs(Library, "GLIBCXX_3.4.29", version, "CXXABI_1.3")
        .Needs("libgcc_s.so.1", "GCC_3.0");

    private static void AssertLeftAsItIs(byte[] image)
    {
        byte[] before = [.. image];

        Assert.False(ElfVersionNeed.Weaken(image, Library, Version));
        Assert.Equal(before, image);
    }

    private static void AssertRefused(string message, byte[] image)
    {
        var refusal = Assert.Throws<InvalidDataException>(() => ElfVersionNeed.Weaken(image, Library, Version));
        Assert.EndsWith(message, refusal.Message, StringComparison.Ordinal);
    }
}
