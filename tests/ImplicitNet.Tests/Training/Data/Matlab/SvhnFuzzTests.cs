using CsCheck;
using ImplicitNet.Training.Data.Matlab;

namespace ImplicitNet.Tests.Training.Data.Matlab;

/// <summary>Files damaged at random: read or refused, but never a crash, a hang or another exception.</summary>
public sealed class SvhnFuzzTests
{
    private const int Files = 10_000;

    private static readonly byte[] X = MatBytes.Images(2), Y = MatBytes.Labels(3, 10);

    // Damage before packing reaches the parser; damage after it reaches zlib.
    private static readonly Gen<byte[]> Damaged = Gen.OneOf(
        Damage.Of(MatBytes.File(Y, X), MatBytes.File(MatBytes.Packed(Y), X), MatBytes.File(MatBytes.Packed(Y), MatBytes.Packed(X))),
        Damage.Of(X).Select(x => MatBytes.File(MatBytes.Packed(x), Y)),
        Damage.Of(Y).Select(y => MatBytes.File(MatBytes.Packed(y), X)));

    [Fact]
    public void A_damaged_file_is_read_or_refused_and_nothing_else()
    {
        int read = 0;
        Damaged.Sample(
            file => read += Damage.Reads(() => SvhnFile.Read(new MemoryStream(file), "x.mat", "svhn")) ? 1 : 0,
            iter: Files, threads: 1, print: Convert.ToHexString);

        // Both outcomes must occur, or this tests little: damage to pixels alone leaves a file that can be read.
        Assert.InRange(read, Files / 100, Files - (Files / 10));
    }
}
