using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Files.Safetensors;

public sealed class SafetensorsReadTests : TensorTest
{
    [Fact]
    public void A_file_made_by_hand_from_the_formats_description_is_read()
    {
        using TemporaryFolder folder = new();
        // The header is in another order than the data, is padded with spaces, and escapes a letter.
        byte[] file = SafetensorsBytes.Make(
            """{"conv.bias":{"dtype":"I16","shape":[],"data_offsets":[24,26]},"__metadata__":{"format":"pt","note":"gr\u00f6\u00dfe"},"conv.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}      """,
            [
                0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0xC0, 0x00, 0x00, 0x00, 0x3F, // 1, -2, 0.5
                0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x7F, 0x01, 0x00, 0x00, 0x00, // 0, infinity, the smallest subnormal
                0xFE, 0xFF, // -2
            ]);
        File.WriteAllBytes(folder["a.safetensors"], file);

        using var read = SafetensorsFile.Read(folder["a.safetensors"]);

        Assert.Equal(["conv.weight", "conv.bias"], read.Tensors.Keys);
        Assert.Equal([2, 3], read.Tensors["conv.weight"].shape);
        Assert.Equal([1f, -2f, 0.5f, 0f, float.PositiveInfinity, float.Epsilon], read.Tensors["conv.weight"].data<float>().ToArray());
        Assert.Equal(ScalarType.Int16, read.Tensors["conv.bias"].dtype);
        Assert.Empty(read.Tensors["conv.bias"].shape);
        Assert.Equal(-2, read.Tensors["conv.bias"].item<short>());
        Assert.Equal("größe", read.Metadata["note"]);
    }

    [Fact]
    public void The_header_is_read_alone()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["a"], SafetensorsBytes.Make("""{"x":{"dtype":"BF16","shape":[3,0],"data_offsets":[0,0]}}"""));

        var header = SafetensorsHeader.Read(folder["a"]);

        SafetensorsEntry entry = Assert.Single(header.Entries).Value;
        Assert.Equal(ScalarType.BFloat16, entry.Type);
        Assert.Equal([3, 0], entry.Shape);
        Assert.Empty(header.Metadata);
    }

    [Fact]
    public void A_file_without_tensors_is_read()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["a"], SafetensorsBytes.Make("{}"));

        using var read = SafetensorsFile.Read(folder["a"]);

        Assert.Empty(read.Tensors);
        Assert.Empty(read.Metadata);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        using TemporaryFolder folder = new();
        var exception = Assert.Throws<WeightsFileException>(() => SafetensorsFile.Read(folder["missing"]));

        Assert.Equal(folder["missing"], exception.Path);
        Assert.StartsWith(folder["missing"] + ": cannot be opened", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_read_is_an_error_and_leaks_nothing()
    {
        byte[] file = SafetensorsBytes.Make("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", 16);
        long before = Live;

        var exception = Assert.Throws<WeightsFileException>(() => SafetensorsReader.Read(new ShrinkingStream(file, file.Length - 3), "x"));

        Assert.Contains("cannot be read to its end", exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, Live);
    }

    [Fact]
    public void NaN_is_read_and_EnsureFinite_names_the_tensor_and_the_index()
    {
        using TemporaryFolder folder = new();
        using DisposeScope scope = NewDisposeScope();
        Tensor good = zeros(3);
        Tensor integers = zeros(3, ScalarType.Int64);
        Tensor bad = zeros(2, 3, 4);
        bad[1, 0, 2].fill_(double.NaN);
        bad[1, 2, 3].fill_(double.PositiveInfinity);
        SafetensorsFile.Write(folder["a"], new Dictionary<string, Tensor> { ["good"] = good, ["integers"] = integers, ["bad"] = bad });
        SafetensorsFile.Write(folder["b"], new Dictionary<string, Tensor> { ["good"] = good, ["integers"] = integers });

        using var read = SafetensorsFile.Read(folder["a"]);
        var exception = Assert.Throws<WeightsFileException>(() => read.EnsureFinite("a.safetensors"));
        using var finite = SafetensorsFile.Read(folder["b"]);
        finite.EnsureFinite("b.safetensors");

        Assert.Equal("a.safetensors: tensor 'bad': the value at [1, 0, 2] is not finite.", exception.Message);
    }

    /// <summary>Claims all its length, but ends early, as a file does that another process truncates.</summary>
    private sealed class ShrinkingStream(byte[] content, int end) : MemoryStream(content, 0, content.Length)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, end - (int)Position));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, end - (int)Position)]);
    }

    [Theory]
    [InlineData("U16", 2, 4)]
    [InlineData("U32", 2, 8)]
    [InlineData("U64", 2, 16)]
    [InlineData("C64", 2, 16)]
    [InlineData("F8_E4M3", 3, 3)]
    [InlineData("F8_E5M2", 3, 3)]
    [InlineData("F8_E8M0", 3, 3)]
    [InlineData("F6_E2M3", 4, 3)]
    [InlineData("F4", 6, 3)]
    public void A_tensor_of_a_type_that_no_tensor_holds_is_passed_over_by_name_and_the_others_are_read(string dtype, int count, int bytes)
    {
        using TemporaryFolder folder = new();
        string header = $$"""
            {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}, "foreign":{"dtype":"{{dtype}}","shape":[{{count}}],"data_offsets":[1,{{1 + bytes}}]},
            "b":{"dtype":"U8","shape":[2],"data_offsets":[{{1 + bytes}},{{3 + bytes}}]} }
            """;
        string path = folder.Write("x.safetensors", SafetensorsBytes.Make(header, [7, .. Enumerable.Repeat((byte)99, bytes), 8, 9]));
        using SafetensorsFile file = SafetensorsFile.Read(path);
        Assert.Equal(["a", "b"], file.Tensors.Keys);
        Assert.Equal([7], file.Tensors["a"].data<byte>().ToArray());
        Assert.Equal([8, 9], file.Tensors["b"].data<byte>().ToArray());
        Assert.Equal(new Dictionary<string, string> { ["foreign"] = dtype }, file.PassedOver);
        Assert.Equal(["foreign"], SafetensorsHeader.Read(path).PassedOver.Keys);
    }
}
