using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;

namespace ImplicitNet.Tests.Files.Safetensors;

public sealed class SafetensorsBadFileTests : TensorTest
{
    [Theory]
    [InlineData("", 0, "the header must begin with '{'")]
    [InlineData(" {}", 0, "the header must begin with '{'")]
    [InlineData("[]", 0, "the header must begin with '{'")]
    [InlineData("{", 0, "header: ")]
    [InlineData("{}{}", 0, "header: ")]
    [InlineData("""{"x":1,}""", 0, "header: ")]
    [InlineData("""{"x":1}""", 0, "tensor 'x': must be an object")]
    [InlineData("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "header: ")]
    [InlineData("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0078":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "header: ")]
    [InlineData("""{"\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "header: ")]
    [InlineData("""{"__metadata__":[]}""", 0, "__metadata__: must be an object of texts")]
    [InlineData("""{"__metadata__":{"epoch":3}}""", 0, "__metadata__: 'epoch' must be a text")]
    [InlineData("""{"x":{"shape":[1],"data_offsets":[0,1]}}""", 1, "tensor 'x': dtype must be a text")]
    [InlineData("""{"x":{"dtype":"Q8","shape":[1],"data_offsets":[0,1]}}""", 1, "dtype is 'Q8', which the format does not have; F64, I64")]
    [InlineData("""{"x":{"dtype":"U64","shape":[1],"data_offsets":[0,1]}}""", 1, "data_offsets give 1 bytes, but U64 of [1] needs 8")]
    [InlineData("""{"x":{"dtype":"U8","shape":3,"data_offsets":[0,1]}}""", 1, "shape must be an array of integers")]
    [InlineData("""{"x":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}""", 1, "shape[0] must be an integer of at least 0")]
    [InlineData("""{"x":{"dtype":"U8","shape":[1,0.5],"data_offsets":[0,1]}}""", 1, "shape[1] must be an integer of at least 0")]
    [InlineData("""{"x":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}""", 1, "shape[0] must be an integer")]
    [InlineData("""{"x":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "is beyond 2^63 bytes")]
    [InlineData("""{"x":{"dtype":"F64","shape":[1152921504606846976],"data_offsets":[0,0]}}""", 0, "is beyond 2^63 bytes")]
    [InlineData("""{"x":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "is beyond 2^63 bytes")]
    [InlineData("""{"x":{"dtype":"U8","shape":[1]}}""", 1, "data_offsets must be an array of integers")]
    [InlineData("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}""", 1, "data_offsets has 3 numbers, expected 2")]
    [InlineData("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}""", 1, "data_offsets run backwards, from 1 to 0")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,7]}}""", 7, "data_offsets give 7 bytes, but F32 of [2] needs 8")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "the tensors need 8 bytes, but the file has 7")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "the tensors need 8 bytes, but the file has 9")]
    [InlineData("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "begins at data byte 1 and leaves a hole before it; 0 was expected")]
    [InlineData("""{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "tensor 'y': begins at data byte 1 and overlaps the one before; 2 was expected")]
    [InlineData("""{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, "overlaps the one before")]
    [InlineData("""{"x":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", 3, "the tensors need 9223372036854775807 bytes")]
    public void A_broken_header_is_refused_in_one_line_that_says_where(string header, int dataLength, string expected) =>
        Refused(SafetensorsBytes.Make(header, dataLength), expected);

    [Fact]
    public void A_shape_of_too_many_sizes_is_refused()
    {
        string ones = string.Join(",", Enumerable.Repeat(1, 65));

        Refused(SafetensorsBytes.Make($$$"""{"x":{"dtype":"U8","shape":[{{{ones}}}],"data_offsets":[0,1]}}""", 1), "shape has 65 sizes, at most 64");
    }

    [Fact]
    public void A_file_shorter_than_the_length_is_refused() => Refused([1, 0, 0], "the file has 3 bytes; a safetensors file has at least 8");

    [Fact]
    public void A_header_beyond_the_file_is_refused() => Refused([255, 255, 255, 255, 255, 255, 255, 255, 123, 125], "2 bytes follow");

    [Fact]
    public void A_header_beyond_the_limit_is_refused()
    {
        using var stream = new LongStream(200_000_000, headerLength: 100_000_001);

        var exception = Assert.Throws<WeightsFileException>(() => SafetensorsHeader.Read(stream, "x"));

        Assert.Contains("at most 100000000 are allowed", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused() => Refused([4, 0, 0, 0, 0, 0, 0, 0, (byte)'{', 0xC3, 0x28, (byte)'}'], "not valid UTF-8");

    private static void Refused(byte[] file, string expected)
    {
        var exception = Assert.Throws<WeightsFileException>(() => SafetensorsReader.Read(new MemoryStream(file), "w.safetensors"));

        Assert.StartsWith("w.safetensors: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>A long file of which only the first eight bytes are there.</summary>
    private sealed class LongStream(long length, ulong headerLength) : MemoryStream(BitConverter.GetBytes(headerLength))
    {
        public override long Length => length;
    }
}
