using CsCheck;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

/// <summary>Damages files at random, and tells whether a reader reads what comes of it.</summary>
internal static class Damage
{
    // A change at the start is the more likely: that is where the sizes are. Six kinds of ten put one byte for another.
    private static readonly Gen<(int Place, byte Value, int Kind)> Change =
        Gen.Select(Gen.OneOf(Gen.Int[0, 20], Gen.Int[0, 600], Gen.Int[0, 10_000]), Gen.Byte, Gen.Int[0, 9]);

    /// <summary>One of the files with one to four changes.</summary>
    public static Gen<byte[]> Of(params byte[][] files) =>
        Gen.Select(Gen.Int[0, files.Length - 1].Select(index => files[index]), Change.Array[1, 4]).Select((file, changes) => changes.Aggregate(file, Apply));

    /// <summary>Whether a file is read; a refusal must be a <see cref="DataFileException"/> of one line.</summary>
    public static bool Reads(Action read)
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
}
