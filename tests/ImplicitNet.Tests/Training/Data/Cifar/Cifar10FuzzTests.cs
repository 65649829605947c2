using CsCheck;
using ImplicitNet.Training.Data.Cifar;

namespace ImplicitNet.Tests.Training.Data.Cifar;

/// <summary>Files damaged at random: read or refused, but never a crash, a hang or another exception.</summary>
public sealed class Cifar10FuzzTests
{
    private static readonly byte[] Tar = Cifar10Bytes.Tar(Cifar10Bytes.Files(".bin", _ => Cifar10Bytes.Binary(1)));

    [Fact]
    public void A_damaged_pickle_is_read_or_refused_and_nothing_else() =>
        Check(Damage.Of(Cifar10Bytes.Pickled(1, 2), Cifar10Bytes.Pickled(3)), 10_000, file => PickledBatch.Parse(file, "pickle"));

    [Fact]
    public void A_damaged_archive_is_read_or_refused_and_nothing_else()
    {
        Gen<byte[]> damaged = Gen.OneOf(Damage.Of(Tar).Select(tar => IdxBytes.Packed(tar)), Damage.Of(IdxBytes.Packed(Tar)));
        Check(damaged, 2_000, file => Cifar10Archive.Read(new MemoryStream(file), "archive", Cifar10Form.Binary));
    }

    private static void Check(Gen<byte[]> damaged, int files, Action<byte[]> parse)
    {
        int read = 0;
        damaged.Sample(file => read += Damage.Reads(() => parse(file)) ? 1 : 0, iter: files, threads: 1, print: Convert.ToHexString);

        // Both outcomes must occur, or this tests little: damage to pixels alone leaves a file that can be read.
        Assert.InRange(read, files / 200, files - (files / 10));
    }
}
