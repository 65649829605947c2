using CsCheck;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

/// <summary>Files damaged at random: read or refused, but never a crash, a hang or another exception.</summary>
public sealed class IdxFuzzTests
{
    private const int Files = 10_000;

    private static readonly byte[][] Seeds =
    [
        IdxBytes.Images(5, 4, 3),
        IdxBytes.Labels(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
        IdxBytes.Packed(IdxBytes.Images(5, 4, 3)),
        IdxBytes.Packed(IdxBytes.Images(200, 28, 28)),
        IdxBytes.Packed(IdxBytes.Labels(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)),
    ];

    private static readonly Gen<byte[]> Damaged =
        Gen.Select(Damage.Of(Seeds), Gen.Bool).Select((damaged, repack) => repack ? IdxBytes.Packed(damaged) : damaged);

    [Fact]
    public void A_damaged_file_is_read_or_refused_and_nothing_else()
    {
        int read = 0;
        Damaged.Sample(
            file =>
            {
                read += Damage.Reads(() => IdxFile.ReadImages(new MemoryStream(file), "images")) ? 1 : 0;
                read += Damage.Reads(() => IdxFile.ReadLabels(new MemoryStream(file), "labels", 10)) ? 1 : 0;
            },
            iter: Files,
            threads: 1,
            print: Convert.ToHexString);

        // Both outcomes must occur, or this tests little: damage to pixels alone leaves a file that can be read.
        Assert.InRange(read, Files / 200, Files);
    }
}
