using System.IO.Compression;
using ImplicitNet.Files;
using ImplicitNet.Files.PyTorch;
using static ImplicitNet.Fuzz.Files.PickleBytes;

namespace ImplicitNet.Tests.Files.PyTorch;

public sealed class PyTorchBadFileTests : TensorTest
{
    public static TheoryData<string, string> Tensors => new()
    {
        { "outside", "of [7] with strides [1] from 0 on reaches outside the 6 elements of its storage" },
        { "offset", "from 1 on reaches outside" },
        { "stride", "of [2, 2] with strides [5, 1]" },
        { "negative stride", "negative offset, size or stride" },
        { "negative size", "negative offset, size or stride" },
        { "ranks", "has 1 sizes and 2 strides" },
        { "overflow", "is beyond 2^63 bytes" },
        { "empty overflow", "is beyond 2^63 bytes" },
        { "repeats", "repeats its elements to more than 1048576" },
        { "far", "reaches outside" },
        { "rank", "or more than 64 of them" },
    };

    [Theory]
    [MemberData(nameof(Tensors))]
    public void A_view_that_does_not_fit_its_storage_is_refused(string kind, string expected)
    {
        byte[] storage = Storage("FloatStorage", "0", 6);
        byte[] tensor = kind switch
        {
            "outside" => Tensor(storage, 0, [7], [1]),
            "offset" => Tensor(storage, 1, [6], [1]),
            "stride" => Tensor(storage, 0, [2, 2], [5, 1]),
            "negative stride" => Tensor(storage, 5, [2], [-1]),
            "negative size" => Tensor(storage, 0, [-2], [1]),
            "ranks" => Tensor(storage, 0, [2], [1, 1]),
            "overflow" => Tensor(storage, 0, [1L << 40, 1L << 40], [0, 0]),
            "empty overflow" => Tensor(storage, 0, [0, 1L << 40, 1L << 40], [0, 0, 0]),
            "repeats" => Tensor(storage, 0, [(1 << 20) + 1], [0]),
            "far" => Tensor(storage, 0, [2, 2], [long.MaxValue, long.MaxValue]),
            _ => Tensor(storage, 0, [.. Enumerable.Repeat(1L, 65)], [.. Enumerable.Repeat(1L, 65)]),
        };
        Refused(File(Dictionary(("x", tensor)), ("0", new byte[24])), expected);
    }

    [Theory]
    [InlineData(5)] // each repeats one element a million times
    [InlineData(2000)] // each is a view of the whole of one storage
    public void Many_views_of_few_elements_are_refused_before_anybody_goes_through_them(int views)
    {
        int elements = views == 5 ? 1 : 30_000;
        byte[] storage = Storage("FloatStorage", "0", elements);
        byte[] tensor = views == 5 ? Tensor(storage, 0, [1 << 20], [0]) : Tensor(storage, 0, [elements], [1]);
        (string, byte[])[] entries = [.. Enumerable.Range(0, views).Select(i => ($"x{i}", tensor))];
        Refused(File(Dictionary(entries), ("0", new byte[4 * elements])), "save copies");
    }

    public static TheoryData<byte[], string> Pickles => new()
    {
        { [], "data.pkl, byte 0: 1 bytes are announced and 0 follow" },
        { [0x80, 1, (byte)'}', (byte)'.'], "data.pkl, byte 0: the pickle's protocol is 1; 2 to 5 are understood" },
        { [0x80, 2, (byte)'.'], "data.pkl, byte 2: a value is missing on the stack" },
        { [0x80, 2, (byte)'N', (byte)'.'], "the file holds a single value, no dictionary" },
        { [0x80, 2, (byte)'X', 255, 255, 255, 127], "byte 2: 2147483647 bytes are announced and 0 follow" },
        { [0x80, 4, 0x8D, 255, 255, 255, 255, 255, 255, 255, 255], "18446744073709551615 bytes are announced" },
        { [0x80, 2, (byte)'X', 1, 0, 0, 0, 0xFF], "byte 2: the text is not valid UTF-8" },
        { [0x80, 2, (byte)'h', 3, (byte)'.'], "byte 2: nothing is remembered under 3" },
        { [0x80, 2, (byte)'t', (byte)'.'], "byte 2: there is no mark" },
        { [0x80, 2, (byte)'(', (byte)'0', (byte)'0'], "byte 4: a value is missing" },
        { [0x80, 2, (byte)'}', (byte)'(', (byte)'N', (byte)'u', (byte)'.'], "byte 5: a key has no value" },
        { [0x80, 2, (byte)'K', 1, (byte)'(', 0x85], "byte 5: a value is missing" },
        { [0x80, 2, (byte)'I', (byte)'1', (byte)'\n'], "byte 2: 0x49 is no opcode that is understood" },
        { [0x80, 5, 0x97], "byte 2: 0x97 is no opcode" },
        { [0x80, 2, (byte)'c', (byte)'a'], "byte 2: a name does not end within 1000 bytes" },
        { [0x80, 4, (byte)'N', (byte)'N', 0x93], "byte 4: the name of a class is no text" },
        { Pickle(Dictionary(("x", Call(Global("torch._utils", "_rebuild_tensor_v2"), None)))), "torch._utils._rebuild_tensor_v2 has 1 arguments" },
        { Pickle(Dictionary(("x", Call(Global("torch._utils", "_rebuild_tensor_v2"), None, Int(0), Ints(1), Ints(1))))), "a tensor has no typed storage" },
        { Pickle(Dictionary(("x", Tensor(Storage("FloatStorage", "0", -1), 0, [1], [1])))), "storage '0' has -1 elements" },
        { Pickle([.. Tuple(Text("storage"), None), (byte)'Q']), "a storage is announced with other members" },
        { Pickle(Call(Global("my.models", "Net"))), "the file holds 'my.models.Net', no dictionary; save the weights alone: torch.save(model.state_dict(), path)" },
        { Pickle(Dictionary(("x", Floats("nowhere", 6)))), "record 'data/nowhere' is missing" },
        { Pickle(Dictionary(("x", Floats("0", 7)))), "it has 24 bytes; 7 elements of float32 were announced" },
        { Pickle(Dictionary(("x", Tensor(Storage("FloatStorage", "0", 1L << 61), 0, [6], [1])))), "elements of float32 were announced" },
        { Pickle(Dictionary(("x", Floats("0", 6)), ("y", Tensor(Storage("IntStorage", "0", 6), 0, [6], [1])))), "storage '0' is announced as 6 elements of float32 and as 6 of int32" },
    };

    [Theory]
    [MemberData(nameof(Pickles), DisableDiscoveryEnumeration = true)]
    public void A_broken_pickle_is_refused_in_one_line_that_says_where(byte[] pickle, string expected) => Refused(FileOf(pickle, ("0", new byte[24])), expected);

    [Fact]
    public void A_pickle_without_end_is_refused() =>
        Refused(FileOf([0x80, 2, .. Enumerable.Repeat((byte)'}', (1 << 22) + 10)]), "more than 4194304 opcodes");

    [Fact]
    public void What_a_pickle_uses_again_and_again_costs_nothing_again()
    {
        // Small files that would come to tera-bytes if a name, a key or a shape were copied at every use.
        string name = new('n', 900_000);
        byte[] calls = [.. Enumerable.Repeat((byte[])[(byte)'h', 0, (byte)')', (byte)'R', (byte)'0'], 300_000).SelectMany(call => call)];
        byte[] remembered = [.. Text(name), (byte)'q', 1, (byte)'h', 1, 0x93, (byte)'q', 0];
        Frugal(Pickle([.. remembered, .. calls], 4), "the name of a class is no text of at most 1000 letters");

        byte[] global = [.. Global(name[..999], name[..999]), (byte)'q', 0];
        Frugal(Pickle([.. global, .. calls, (byte)'}']), "torch.save(model.state_dict(), path)", root: true);
        Frugal(Pickle(Dictionary((name, Int(1)))), "a key has more than 1000 letters");

        byte[] sizes = [.. Ints([.. Enumerable.Repeat(1L, 200_000)]), (byte)'q', 0, (byte)'0'];
        byte[] tensor = Call(Global("torch._utils", "_rebuild_tensor_v2"), Storage("FloatStorage", "0", 6), Int(0), [(byte)'h', 0], [(byte)'h', 0]);
        Frugal(Pickle([.. sizes, .. tensor]), "or more than 64 of them");

        byte[] nested = [.. Enumerable.Range(0, 10_001).SelectMany(key => (byte[])[.. Text($"{key}"), (byte)'}'])];
        Frugal(Pickle([(byte)'}', (byte)'(', .. nested, (byte)'u']), "more than 10000 dictionaries");

        byte[] kept = [.. Floats("0", 6), (byte)'q', 0, (byte)'0'];
        byte[] many = [.. Enumerable.Range(0, (1 << 18) + 1).SelectMany(key => (byte[])[.. Text($"{key}"), (byte)'h', 0])];
        Refused(FileOf(Pickle([.. kept, (byte)'}', (byte)'(', .. many, (byte)'u']), ("0", new byte[24])), "more than 262144 tensors");
    }

    [Fact]
    public void Other_formats_are_refused_by_name()
    {
        Refused([0x80, 2, 0x8A, 10, 0x6C, 0xFC], "the format of PyTorch before 1.6, which is not read. Convert it in a recent PyTorch: torch.save(torch.load(path), path).");
        Refused([], "no zip archive");
        Refused("{\"x\": 1}"u8.ToArray(), "no zip archive");
        Refused([.. "PK\x03\x04"u8, 0, 0], "the zip archive is damaged");
        Refused(Zip([("archive/model.txt", [1])]), "no record data.pkl");
        Refused(Zip([("m/data.pkl", Pickle(Dictionary(("x", Int(1))))), ("m/constants.pkl", [1])]), "a TorchScript module");
        Refused(Zip([("m/data.pkl", Pickle(Dictionary(("x", Int(1))))), ("m/byteorder", "big"u8.ToArray())]), "'big' endian");
    }

    [Fact]
    public void Compressed_records_are_refused_before_they_grow()
    {
        byte[] bomb = Zip([("m/data.pkl", Pickle([])), ("m/data/0", new byte[50_000_000])], CompressionLevel.SmallestSize);
        Assert.InRange(bomb.Length, 0, 100_000);
        byte[] pickle = Pickle(Dictionary(("x", Floats("0", 12_500_000))));
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes, CompressionLevel level) in
                ((string, byte[], CompressionLevel)[])[("m/data.pkl", pickle, CompressionLevel.NoCompression), ("m/data/0", new byte[50_000_000], CompressionLevel.SmallestSize)])
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                entry.Write(bytes);
            }
        }

        Refused(bomb, "is compressed");
        Refused(stream.ToArray(), "record 'data/0' is compressed or encrypted; torch.save stores records as they are");
    }

    [Fact]
    public void Records_on_top_of_each_other_are_refused()
    {
        // Fifty names in the directory, all of which point to the one record that is there.
        (string, byte[])[] copies = [.. Enumerable.Range(0, 50).Select(index => ($"{index:00}", new byte[1_000]))];
        byte[] content = Dictionary([.. copies.Select(copy => (copy.Item1, Floats(copy.Item1, 250)))]);
        byte[] file = File(content, copies);
        long first = LocalHeader(file, "archive/data/00");
        foreach ((string key, _) in copies[1..])
        {
            int entry = Directory(file, $"archive/data/{key}");
            BitConverter.TryWriteBytes(file.AsSpan(entry + 42), (uint)first);
        }

        // The records that are there no longer, cut out: the file is a tenth of what it says to hold.
        long begin = LocalHeader(file, "archive/data/01");
        long end = LocalHeader(file, "archive/version");
        Refused(Cut(file, (int)begin, (int)end), "the records are larger than the file");
    }

    private static void Frugal(byte[] pickle, string expected, bool root = false)
    {
        byte[] file = FileOf(root ? [.. pickle[..^2], (byte)'h', 0, (byte)')', (byte)'R', (byte)'.'] : pickle, ("0", new byte[24]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(file, expected);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 80_000_000);
    }

    private static byte[] Cut(byte[] file, int begin, int end)
    {
        byte[] cut = [.. file[..begin], .. file[end..]];
        int count = end - begin;
        int version = Directory(cut, "archive/version");
        BitConverter.TryWriteBytes(cut.AsSpan(version + 42), BitConverter.ToUInt32(cut, version + 42) - (uint)count);
        int directoryEnd = cut.Length - 22;
        BitConverter.TryWriteBytes(cut.AsSpan(directoryEnd + 16), BitConverter.ToUInt32(cut, directoryEnd + 16) - (uint)count);
        return cut;
    }

    private static long LocalHeader(byte[] file, string name) => BitConverter.ToUInt32(file, Directory(file, name) + 42);

    /// <summary>Where the directory's entry of a record begins: 46 bytes before its name.</summary>
    private static int Directory(byte[] file, string name) => file.AsSpan().LastIndexOf(System.Text.Encoding.ASCII.GetBytes(name)) - 46;

    private static void Refused(byte[] file, string expected)
    {
        WeightsFileException exception = Assert.Throws<WeightsFileException>(() => PyTorchReader.Read(new MemoryStream(file), "w.pth"));
        Assert.StartsWith("w.pth: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", exception.Message, StringComparison.Ordinal);
    }
}
