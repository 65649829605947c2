using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Files.Safetensors;

public sealed partial class SafetensorsChecksumTests : TensorTest
{
    [Fact]
    public void The_sum_is_that_of_the_whole_file_with_its_digits_blank()
    {
        byte[] file = Sample();
        string text = Encoding.Latin1.GetString(file);
        string digits = Digits().Match(text).Groups[1].Value;
        byte[] blank = Encoding.Latin1.GetBytes(text.Replace(digits, new string('0', 64), StringComparison.Ordinal));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(blank)), digits);
        Assert.Equal(digits, Sum(file));
    }

    /// <summary>The one place where a flipped bit makes no difference to the tensors is the name of the sum: the file then has none.</summary>
    [Fact]
    public void Every_flipped_bit_is_noticed_or_takes_away_the_sum_alone()
    {
        byte[] file = Sample();
        int unsummed = 0;
        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            byte[] damaged = [.. file];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                using SafetensorsFile read = Read(damaged);
                Assert.DoesNotContain("sha256", read.Metadata.Keys);
                Assert.Equal([1f, -2.5f, 3f], read.Tensors["weight"].data<float>());
                Assert.Equal([7L], read.Tensors["count"].data<long>());
                unsummed++;
            }
            catch (WeightsFileException)
            {
            }
        }

        // At most every bit of the name's six letters.
        Assert.InRange(unsummed, 1, 48);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("zz")]
    public void A_sum_that_is_none_is_refused(string sum)
    {
        byte[] file = SafetensorsBytes.Make(
            """{"__metadata__":{"sha256":"SUM"},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""".Replace("SUM", sum, StringComparison.Ordinal), 1);
        Assert.Contains("sha256", Assert.Throws<WeightsFileException>(() => Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Upper_case_digits_are_not_the_sum()
    {
        byte[] file = Sample();
        string text = Encoding.Latin1.GetString(file);
        string digits = Digits().Match(text).Groups[1].Value;
        byte[] upper = Encoding.Latin1.GetBytes(text.Replace(digits, digits.ToUpperInvariant(), StringComparison.Ordinal));
        Assert.Contains(digits, Assert.Throws<WeightsFileException>(() => Read(upper)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_a_sum_is_read()
    {
        using SafetensorsFile read = Read(SafetensorsBytes.Make("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", [5]));
        Assert.Equal([(byte)5], read.Tensors["x"].data<byte>());
        Assert.Empty(read.Metadata);
    }

    [Fact]
    public void A_sum_given_as_a_text_is_replaced()
    {
        using DisposeScope scope = NewDisposeScope();
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, new Dictionary<string, Tensor> { ["x"] = ones(2) }, new Dictionary<string, string> { ["sha256"] = "old" });
        Assert.Matches("^[0-9a-f]{64}$", Sum(stream.ToArray()));
    }

    private static byte[] Sample()
    {
        using DisposeScope scope = NewDisposeScope();
        using MemoryStream stream = new();
        Dictionary<string, Tensor> tensors = new() { ["weight"] = tensor(new[] { 1f, -2.5f, 3f }), ["count"] = tensor(new[] { 7L }) };
        SafetensorsFile.Write(stream, tensors, new Dictionary<string, string> { ["position"] = "{\"Epoch\":3}" });
        return stream.ToArray();
    }

    private static SafetensorsFile Read(byte[] file) => SafetensorsReader.Read(new MemoryStream(file), "x");

    private static string Sum(byte[] file)
    {
        using SafetensorsFile read = Read(file);
        return read.Metadata["sha256"];
    }

    [GeneratedRegex("\"sha256\":\"([0-9a-f]{64})\"")]
    private static partial Regex Digits();
}
