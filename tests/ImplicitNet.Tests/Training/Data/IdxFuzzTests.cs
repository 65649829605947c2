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

    // A change at the start is the more likely: that is where the sizes are. Six kinds of ten put one byte for another.
    private static readonly Gen<(int Place, byte Value, int Kind)> Change =
        Gen.Select(Gen.OneOf(Gen.Int[0, 20], Gen.Int[0, 10_000]), Gen.Byte, Gen.Int[0, 9]);

    private static readonly Gen<byte[]> Damaged =
        Gen.Select(Gen.Int[0, Seeds.Length - 1].Select(index => Seeds[index]), Change.Array[1, 4], Gen.Bool)
            .Select((file, changes, repack) =>
            {
                byte[] damaged = changes.Aggregate(file, Apply);
                return repack ? IdxBytes.Packed(damaged) : damaged;
            });

    [Fact]
    public void A_damaged_file_is_read_or_refused_and_nothing_else()
    {
        int read = 0;
        Damaged.Sample(
            file =>
            {
                read += Reads(() => IdxFile.ReadImages(new MemoryStream(file), "images")) ? 1 : 0;
                read += Reads(() => IdxFile.ReadLabels(new MemoryStream(file), "labels", 10)) ? 1 : 0;
            },
            iter: Files,
            threads: 1,
            print: Convert.ToHexString);

        // Both outcomes must occur, or this tests little: damage to pixels alone leaves a file that can be read.
        Assert.InRange(read, Files / 200, Files);
    }

    private static byte[] Apply(byte[] file, (int Place, byte Value, int Kind) change)
    {
        int place = file.Length == 0 ? 0 : change.Place % file.Length;
        return change.Kind switch
        {
            0 => [.. file[..place]],
            1 => [.. file, .. Enumerable.Repeat(change.Value, place)],
            2 => [.. file[..place], change.Value, .. file[place..]],
            _ when file.Length == 0 => [],
            3 => [.. file[..place], .. file[(place + 1)..]],
            _ => [.. file[..place], change.Value, .. file[(place + 1)..]],
        };
    }

    private static bool Reads(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (DataFileException fault)
        {
            Assert.DoesNotContain('\n', fault.Message);
            return false;
        }
    }
}
