using CsCheck;
using ImplicitNet.Files;
using ImplicitNet.Files.PyTorch;
using static ImplicitNet.Fuzz.Files.PickleBytes;

namespace ImplicitNet.Tests.Files.PyTorch;

/// <summary>Files damaged at random: read or refused, but never a crash, a hang, wild memory or another exception.</summary>
public sealed class PyTorchFuzzTests : TensorTest
{
    private static readonly byte[] Storage8 = new byte[32];

    private static readonly byte[] GoodPickle = Pickle(Dictionary(
        ("epoch", Int(3)),
        ("model", Ordered(
            ("a", Tensor(Storage("FloatStorage", "0", 8), 0, [2, 4], [4, 1])),
            ("b", Tensor(Storage("FloatStorage", "0", 8), 2, [3], [2])),
            ("c", Call(Global("torch._utils", "_rebuild_parameter"), Floats("1", 8), [0x88], Ordered())))),
        ("scheduler", [.. Global("torch.optim", "StepLR"), (byte)')', 0x81, .. Dictionary(("n", Int(1))), (byte)'b'])));

    private static readonly byte[] GoodFile = FileOf(GoodPickle, ("0", Storage8), ("1", Storage8));

    // Bytes that are opcodes are likelier to reach the deeper checks than any byte.
    private static readonly Gen<byte> Byte = Gen.OneOf(Gen.Byte, Gen.OneOf("().012BCGJKMNQRTUX]abcdehjlqrstu}\0\n"u8.ToArray()), Gen.OneOf(Gen.Byte[0x80, 0x98]));

    [Fact]
    public void A_mutated_pickle_is_read_or_refused_and_nothing_leaks() => Fuzz(GoodPickle, pickle => FileOf(pickle, ("0", Storage8), ("1", Storage8)), leastRead: 100);

    [Fact]
    public void A_mutated_archive_is_read_or_refused_and_nothing_leaks() => Fuzz(GoodFile, file => file, leastRead: 100);

    private static void Fuzz(byte[] good, Func<byte[], byte[]> wrap, int leastRead)
    {
        long before = Live;
        int read = 0;
        int refused = 0;
        long memory = 0;
        Edits(good).Sample(
            edits =>
            {
                byte[] file = wrap(edits.Aggregate(good, (bytes, edit) => edit(bytes)));
                long allocated = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    using PyTorchFile result = PyTorchReader.Read(new MemoryStream(file), "fuzz");
                    read++;
                }
                catch (WeightsFileException exception)
                {
                    Assert.DoesNotContain('\n', exception.Message);
                    refused++;
                }

                memory = Math.Max(memory, GC.GetAllocatedBytesForCurrentThread() - allocated);
            },
            iter: 10_000,
            threads: 1);
        Assert.Equal(before, Live);

        // Were all refused, or all read, the mutations would not test what they are for.
        Assert.True(read > leastRead, $"{read} were read");
        Assert.True(refused > 1000, $"{refused} were refused");
        Assert.InRange(memory, 0, 10_000_000);
    }

    private static Gen<Func<byte[], byte[]>[]> Edits(byte[] good)
    {
        Gen<int> place = Gen.Int[0, good.Length - 1];
        return Gen.OneOf(
            Gen.Select(place, Byte, (at, value) => (Func<byte[], byte[]>)(file => [.. file[..Math.Min(at, file.Length)], value, .. file[Math.Min(at + 1, file.Length)..]])),
            Gen.Select(place, Byte, (at, value) => (Func<byte[], byte[]>)(file => [.. file[..Math.Min(at, file.Length)], value, .. file[Math.Min(at, file.Length)..]])),
            Gen.Select(place, Gen.Int[1, 20], (at, count) => (Func<byte[], byte[]>)(file => [.. file[..Math.Min(at, file.Length)], .. file[Math.Min(at + count, file.Length)..]])),
            Gen.Select(place, at => (Func<byte[], byte[]>)(file => file[..Math.Min(at, file.Length)]))).Array[1, 3];
    }
}
