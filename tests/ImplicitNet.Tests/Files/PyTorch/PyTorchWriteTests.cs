using System.IO.Compression;
using ImplicitNet.Files.PyTorch;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Files.PyTorch;

public sealed class PyTorchWriteTests : TensorTest
{
    private static readonly ScalarType[] Types =
    [
        ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16,
        ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
    ];

    [Fact]
    public void What_is_written_is_read_again()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Dictionary<string, Tensor> tensors = Every();
        PyTorchFile.Write(folder["w.pth"], tensors);
        using PyTorchFile file = PyTorchFile.Read(folder["w.pth"]);
        IReadOnlyDictionary<string, Tensor> found = file.StateDictionary("w.pth");
        Assert.Equal(tensors.Keys, found.Keys);
        foreach ((string name, Tensor tensor) in tensors)
        {
            Assert.Equal(tensor.dtype, found[name].dtype);
            Assert.Equal(tensor.shape, found[name].shape);
            Assert.True(tensor.equal(found[name]).all().ToBoolean(), name);
        }
    }

    [Fact]
    public void Equal_content_gives_equal_bytes_and_data_are_aligned()
    {
        using DisposeScope scope = NewDisposeScope();
        using MemoryStream first = new();
        using MemoryStream second = new();
        Dictionary<string, Tensor> tensors = Every();
        PyTorchWriter.Write(first, tensors);
        PyTorchWriter.Write(second, tensors);
        byte[] file = first.ToArray();
        Assert.Equal(file, second.ToArray());
        int records = 0;
        for (int header = 0; file.AsSpan(header).StartsWith("PK\x03\x04"u8); records++)
        {
            int data = header + 30 + BitConverter.ToUInt16(file, header + 26) + BitConverter.ToUInt16(file, header + 28);
            Assert.Equal(0, data % 64);
            header = data + BitConverter.ToInt32(file, header + 18);
        }

        Assert.Equal(tensors.Count + 3, records);
        Assert.Equal(records, new ZipArchive(first).Entries.Count);
    }

    [Fact]
    public void What_no_file_can_hold_is_refused_and_the_old_file_stays()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        folder.Write("w.pth", [1, 2, 3]);
        foreach (Tensor wrong in (Tensor[])[complex(zeros(2), zeros(2)), zeros(2, 2).to_sparse()])
        {
            string message = Assert.Throws<ArgumentException>(() => PyTorchFile.Write(folder["w.pth"], new Dictionary<string, Tensor> { ["x"] = wrong })).Message;
            Assert.Contains("'x'", message, StringComparison.Ordinal);
        }

        Assert.Equal([1, 2, 3], File.ReadAllBytes(folder["w.pth"]));
    }

    [Fact]
    public void The_zip64_form_is_understood_too()
    {
        using MemoryStream stream = new();
        StoredZip zip = new(stream, largest: 3);
        zip.Add("archive/data.pkl", 5, 0x1234, target => target.Write("hello"u8));
        zip.Add("archive/x", 2, 0x1234, target => target.Write("ab"u8));
        zip.Finish();
        using ZipArchive archive = new(stream);
        Assert.Equal([("archive/data.pkl", 5L), ("archive/x", 2L)], archive.Entries.Select(entry => (entry.FullName, entry.Length)));
        using StreamReader reader = new(archive.Entries[0].Open());
        Assert.Equal("hello", reader.ReadToEnd());
    }

    /// <summary>
    /// Sizes below, at and above what is summed at once, and one that is written in two parts, against ISO 3309 bit by bit.
    /// </summary>
    [Fact]
    public void The_checksums_are_those_of_the_standard()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Assert.Equal(0xCBF43926u, BitByBit("123456789"u8));
        byte[][] contents = [[.. "123456789"u8], .. new[] { 0, 1, 15, 16, 17, 63, 64, 65, 1000, 4097, (1 << 24) + 5 }.Select(Content)];
        PyTorchFile.Write(folder["w.pth"], contents.Select((bytes, i) => ($"{i}", tensor(bytes))).ToDictionary(pair => pair.Item1, pair => pair.Item2));
        using ZipArchive archive = ZipFile.OpenRead(folder["w.pth"]);
        for (int i = 0; i < contents.Length; i++)
        {
            ZipArchiveEntry entry = archive.GetEntry($"archive/data/{i}")!;
            Assert.Equal((contents[i].LongLength, BitByBit(contents[i])), (entry.Length, entry.Crc32));
        }

        static byte[] Content(int size) => [.. Enumerable.Range(0, size).Select(place => (byte)((place * 7) ^ (place >> 9)))];
    }

    [Fact]
    public void Pytorch_reads_what_is_written_with_weights_only_too()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        PyTorchFile.Write(folder["w.pth"], Every());
        const string program = """
            import sys, zipfile, torch
            assert zipfile.ZipFile(sys.argv[1]).testzip() is None
            for only in (False, True):
                tensors = torch.load(sys.argv[1], weights_only=only)
                print(type(tensors).__name__, *tensors.keys())
                for name, tensor in tensors.items():
                    print(str(tensor.dtype)[6:], *tensor.shape, ':', *tensor.double().flatten().tolist()[:4])
            """;
        string[] lines = PythonTorch.RunOrSkip(program, folder["w.pth"]).TrimEnd('\n').Split('\n');
        Assert.Equal(lines[..(lines.Length / 2)], lines[(lines.Length / 2)..]);
        Assert.StartsWith("OrderedDict Float64 Float32", lines[0], StringComparison.Ordinal);
        Assert.Equal(["float64 2 3 : 0.0 1.0 2.0 3.0", "float32 2 3 : 0.0 1.0 2.0 3.0"], lines[1..3]);
        Assert.Contains("bool 2 3 : 0.0 1.0 1.0 1.0", lines);
        Assert.Contains("float32 3 2 : 0.0 3.0 1.0 4.0", lines);
        Assert.Contains("int64 : 7.0", lines);
        Assert.Contains("float32 0 3 :", lines);
    }

    [Fact]
    public void What_pytorch_writes_is_read_in_every_protocol()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        const string program = """
            import sys, torch
            for protocol in (2, 3, 4, 5):
                torch.manual_seed(1)
                net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
                whole = torch.arange(12.).reshape(3, 4)
                optimizer = torch.optim.Adam(net.parameters())
                net(torch.randn(2, 1, 5, 5)).sum().backward()
                optimizer.step()
                torch.save({'net': net.state_dict(), 'views': {'whole': whole, 'part': whole[1:, ::2].t(), 'one': torch.tensor(7)},
                            'parameter': {'p': torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16)), 'half': torch.ones(3).half()},
                            'optimizer': optimizer.state_dict(), 'scheduler': torch.optim.lr_scheduler.StepLR(optimizer, 3), 'history': [1.5] * 5000,
                            'big': 2 ** 100, 'bytes': b'abc'}, f'{sys.argv[1]}/{protocol}.pth', pickle_protocol=protocol)
            """;
        PythonTorch.RunOrSkip(program, folder.Path);
        foreach (int protocol in (int[])[2, 3, 4, 5])
        {
            string path = folder[$"{protocol}.pth"];
            using PyTorchFile file = PyTorchFile.Read(path);
            Assert.Equal(["net", "views", "parameter"], file.StateDictionaries.Keys);
            Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"], file.StateDictionary(path, "net").Keys);
            IReadOnlyDictionary<string, Tensor> views = file.StateDictionary(path, "views");
            Assert.Equal([2, 2], views["part"].shape);
            Assert.Equal([4, 8, 6, 10], views["part"].contiguous().data<float>().ToArray());
            Assert.Equal(7, views["one"].ToInt64());
            Assert.Equal(ScalarType.BFloat16, file.StateDictionary(path, "parameter")["p"].dtype);
            Assert.Equal("torch.optim.lr_scheduler.StepLR", file.PassedOver["scheduler"]);
        }
    }

    private static Dictionary<string, Tensor> Every()
    {
        Dictionary<string, Tensor> tensors = Types.ToDictionary(type => type.ToString(), type => arange(6, ScalarType.Float32).reshape(2, 3).to(type));
        tensors["transposed"] = arange(6, ScalarType.Float32).reshape(2, 3).t();
        tensors["one"] = tensor(7L);
        tensors["empty"] = zeros(0, 3);
        tensors["a.ä"] = ones(1);
        return tensors;
    }

    private static uint BitByBit(ReadOnlySpan<byte> bytes)
    {
        uint state = uint.MaxValue;
        foreach (byte value in bytes)
        {
            state ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state & 1) == 0 ? state >> 1 : (state >> 1) ^ 0xEDB88320;
            }
        }

        return ~state;
    }
}
