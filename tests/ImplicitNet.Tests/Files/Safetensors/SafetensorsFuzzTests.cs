using CsCheck;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;

namespace ImplicitNet.Tests.Files.Safetensors;

public sealed class SafetensorsFuzzTests : TensorTest
{
    private static readonly byte[] Good = SafetensorsBytes.Make(
        """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b.\u00e4":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}  """,
        19);

    // Bytes that mean something in a header are likelier to reach the deeper checks than any byte.
    private static readonly Gen<byte> Byte = Gen.OneOf(Gen.Byte, Gen.OneOf("{}[]:,\"\\0123456789-.eEudF"u8.ToArray()));

    private static readonly Gen<Func<byte[], byte[]>> Edit = Gen.OneOf(
        Gen.Select(Gen.Int[0, 7], Gen.Byte, (at, value) => Change(at, value)),
        Gen.Select(Gen.Int[0, Good.Length - 1], Byte, (at, value) => Change(at, value)),
        Gen.Select(Gen.Int[0, Good.Length - 1], Byte, (at, value) => Insert(at, value)),
        Gen.Select(Gen.Int[0, Good.Length - 1], Gen.Int[1, 20], (at, count) => Remove(at, count)),
        Gen.Select(Gen.Int[0, Good.Length], at => (Func<byte[], byte[]>)(file => file[..Math.Min(at, file.Length)])));

    [Fact]
    public void A_mutated_file_is_read_or_refused_and_nothing_leaks()
    {
        long before = Live;
        int read = 0;
        int refused = 0;

        Edit.Array[1, 3].Sample(
            edits =>
            {
                byte[] file = edits.Aggregate(Good, (bytes, edit) => edit(bytes));
                try
                {
                    using SafetensorsFile result = SafetensorsReader.Read(new MemoryStream(file), "fuzz");
                    read++;
                }
                catch (WeightsFileException)
                {
                    refused++;
                }
            },
            iter: 10_000,
            threads: 1);

        Assert.Equal(before, Live);

        // Were all refused, or all read, the mutations would not test what they are for.
        Assert.True(read > 100, $"{read} were read");
        Assert.True(refused > 1000, $"{refused} were refused");
    }

    private static Func<byte[], byte[]> Change(int at, byte value) => file =>
    {
        byte[] changed = [.. file];
        if (at < changed.Length)
        {
            changed[at] = value;
        }

        return changed;
    };

    // The header's length is kept right, or the mutation would never get past it.
    private static Func<byte[], byte[]> Insert(int at, byte value) => file =>
        at < 8 || at > file.Length ? file : Relength([.. file[..at], value, .. file[at..]], 1);

    private static Func<byte[], byte[]> Remove(int at, int count) => file =>
        at < 8 || at + count > file.Length ? file : Relength([.. file[..at], .. file[(at + count)..]], -count);

    private static byte[] Relength(byte[] file, int change)
    {
        BitConverter.TryWriteBytes(file, BitConverter.ToInt64(file) + change);
        return file;
    }
}
