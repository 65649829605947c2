using System.Security.Cryptography;
using System.Text;
using ImplicitNet.Files.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Files.Safetensors;

public sealed class SafetensorsWriteTests : TensorTest
{
    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Int16)]
    [InlineData(ScalarType.Int8)]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Bool)]
    public void Each_element_type_comes_back_as_it_was(ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Tensor tensor = (randn(3, 5, 2, generator: new Generator(7)) * 50).to(type);
        Tensor scalar = ones([], type);
        Tensor nothing = zeros([4, 0], type);
        string path = folder["a.safetensors"];

        SafetensorsFile.Write(path, new Dictionary<string, Tensor> { ["tensor"] = tensor, ["scalar"] = scalar, ["nothing"] = nothing });
        using var read = SafetensorsFile.Read(path);

        Assert.Equal(3, read.Tensors.Count);
        foreach ((string name, Tensor expected) in new[] { ("tensor", tensor), ("scalar", scalar), ("nothing", nothing) })
        {
            Assert.Equal(type, read.Tensors[name].dtype);
            Assert.Equal(expected.shape, read.Tensors[name].shape);
            Assert.True(read.Tensors[name].equal(expected).all().item<bool>(), name);
        }
    }

    [Fact]
    public void Other_layouts_are_written_row_by_row()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Tensor plain = arange(2 * 3 * 4 * 5, ScalarType.Float32).reshape(2, 3, 4, 5);
        Tensor channelsLast = plain.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Tensor slice = cat([zeros(2, 3, 4, 5), plain], 1).narrow(1, 3, 3);
        Tensor expanded = plain.narrow(0, 0, 1).expand(2, 3, 4, 5);

        SafetensorsFile.Write(folder["a"], new Dictionary<string, Tensor>
        {
            ["channels last"] = channelsLast,
            ["slice"] = slice,
            ["expanded"] = expanded,
            ["parameter"] = plain.clone().requires_grad_(),
        });
        using var read = SafetensorsFile.Read(folder["a"]);

        Assert.False(channelsLast.is_contiguous());
        Assert.Equal(plain.data<float>().ToArray(), read.Tensors["channels last"].data<float>().ToArray());
        Assert.Equal(plain.data<float>().ToArray(), read.Tensors["slice"].data<float>().ToArray());
        Assert.Equal(expanded.contiguous().data<float>().ToArray(), read.Tensors["expanded"].data<float>().ToArray());
        Assert.Equal(plain.data<float>().ToArray(), read.Tensors["parameter"].data<float>().ToArray());
        Assert.False(read.Tensors["parameter"].requires_grad);
    }

    [Fact]
    public void The_bytes_follow_the_format_and_do_not_depend_on_the_order_of_insertion()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor bytes = tensor(new byte[] { 1, 2, 3 });
        Tensor floats = tensor(new float[] { 1f });
        const string Header =
            """{"__metadata__":{"epoch":"3","format":"pt","sha256":"0000000000000000000000000000000000000000000000000000000000000000"},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}}""";

        byte[] first = Written(new() { ["a"] = bytes, ["b"] = floats });
        byte[] second = Written(new() { ["b"] = floats, ["a"] = bytes });

        int padding = (8 - (Header.Length % 8)) % 8;
        byte[] blank = SafetensorsBytes.Make(Header + new string(' ', padding), 0, 0, 0x80, 0x3F, 1, 2, 3);
        string sum = Convert.ToHexStringLower(SHA256.HashData(blank));
        Assert.Equal(SafetensorsBytes.Make(Header.Replace(new string('0', 64), sum, StringComparison.Ordinal) + new string(' ', padding), 0, 0, 0x80, 0x3F, 1, 2, 3), first);
        Assert.Equal(first, second);

        static byte[] Written(Dictionary<string, Tensor> tensors)
        {
            using var stream = new MemoryStream();
            SafetensorsFile.Write(stream, tensors, new Dictionary<string, string> { ["epoch"] = "3" });
            return stream.ToArray();
        }
    }

    [Fact]
    public void The_data_begin_at_a_multiple_of_eight_for_any_name()
    {
        using DisposeScope scope = NewDisposeScope();
        for (int length = 0; length < 9; length++)
        {
            using var stream = new MemoryStream();
            string name = new('ü', length);
            SafetensorsFile.Write(stream, new Dictionary<string, Tensor> { [name] = zeros(1) });

            stream.Position = 0;
            var header = SafetensorsHeader.Read(stream, "x");

            Assert.Equal(0, header.DataBegin % 8);
            Assert.Equal([name], header.Entries.Keys);
        }
    }

    [Fact]
    public void What_the_format_cannot_hold_is_refused_and_an_old_file_stays()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["a"], "old");

        Refused("x", zeros([1], ScalarType.ComplexFloat32), "'x' is of type ComplexFloat32");
        Refused("x", eye(2).to_sparse(), "'x' is sparse");
        Refused("__metadata__", zeros(1), "'__metadata__'");

        void Refused(string name, Tensor tensor, string expected)
        {
            var exception = Assert.Throws<ArgumentException>(() =>
                SafetensorsFile.Write(folder["a"], new Dictionary<string, Tensor> { [name] = tensor }));
            Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
            Assert.Equal("old", File.ReadAllText(folder["a"]));
        }
    }

    [Fact]
    public void Texts_of_any_kind_come_back()
    {
        using DisposeScope scope = NewDisposeScope();
        var texts = new Dictionary<string, string> { ["format"] = "own", ["line\n\"quote\""] = "größe \u0001 😀 +<>&" };
        using var stream = new MemoryStream();
        SafetensorsFile.Write(stream, new Dictionary<string, Tensor>(), texts);

        stream.Position = 0;
        using SafetensorsFile read = SafetensorsReader.Read(stream, "x");

        Assert.Equal(texts.OrderBy(text => text.Key), read.Metadata.Where(text => text.Key != "sha256").OrderBy(text => text.Key));
        Assert.Equal((byte)'{', stream.ToArray()[8]);
        Assert.DoesNotContain("\n", Encoding.UTF8.GetString(stream.ToArray(), 8, (int)stream.Length - 8), StringComparison.Ordinal);
    }

    [Fact]
    public void Writing_and_reading_leave_no_tensor_behind()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Tensor tensor = ones(2, 3).permute(1, 0);
        long before = Live;

        SafetensorsFile.Write(folder["a"], new Dictionary<string, Tensor> { ["x"] = tensor });
        using (var read = SafetensorsFile.Read(folder["a"]))
        {
            Assert.Equal(before + 1, Live);
            read.EnsureFinite("a");
        }

        Assert.Equal(before, Live);
    }
}
