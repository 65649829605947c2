using CsCheck;
using ImplicitNet.NativeLibrary;

namespace ImplicitNet.Tests.NativeLibrary;

public sealed class ElfVersionNeedFuzzTests
{
    private static readonly byte[] Good = new ElfImage()
        .Needs("libc.so.6", "GLIBC_2.14", "GLIBC_2.2.5")
        .Needs("libstdc++.so.6", "GLIBCXX_3.4.29", "GLIBCXX_3.4.32", "CXXABI_1.3")
        .ToBytes();

    // Small numbers, and the extremes of an offset, reach deeper than any byte.
    private static readonly Gen<byte> Byte = Gen.OneOf(Gen.Byte, Gen.OneOf<byte>(0, 1, 2, 3, 16, 64, 0x7f, 0x80, 0xff));

    private static readonly Gen<Func<byte[], byte[]>> Edit = Gen.Frequency(
        (8, Gen.Select(Gen.Int[0, Good.Length - 1], Byte, Change)),
        (1, Gen.Int[0, Good.Length].Select(Cut)));

    [Fact]
    public void A_mutated_image_is_read_or_refused()
    {
        int changed = 0;
        int read = 0;
        int refused = 0;

        Edit.Array[1, 4].Sample(
            edits =>
            {
                byte[] image = edits.Aggregate(Good, (bytes, edit) => edit(bytes));
                try
                {
                    bool weakened = ElfVersionNeed.Weaken(image, "libstdc++.so.6", "GLIBCXX_3.4.32");
                    read++;
                    changed += weakened ? 1 : 0;
                    Assert.False(ElfVersionNeed.Weaken(image, "libstdc++.so.6", "GLIBCXX_3.4.32"));
                }
                catch (InvalidDataException)
                {
                    refused++;
                }
            },
            iter: 100_000,
            threads: 1);

        // Were all refused, or all read, the mutations would not test what they are for.
        Assert.True(changed > 1000, $"{changed} were changed");
        Assert.True(read - changed > 1000, $"{read - changed} were read and left as they are");
        Assert.True(refused > 1000, $"{refused} were refused");
    }

    private static Func<byte[], byte[]> Change(int at, byte value) =>
        image => at < image.Length ? ElfImage.Patched(image, at, value) : image;

    private static Func<byte[], byte[]> Cut(int length) => image => [.. image.Take(length)];
}
