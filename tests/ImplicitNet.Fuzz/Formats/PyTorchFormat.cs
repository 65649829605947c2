using System.IO.Compression;
using ImplicitNet.Files;
using ImplicitNet.Files.PyTorch;
using ImplicitNet.Fuzz.Files;
using static ImplicitNet.Fuzz.Files.PickleBytes;

namespace ImplicitNet.Fuzz.Formats;

/// <summary>.pth files: pickles that mean something in archives that fit them, mostly.</summary>
internal sealed class PyTorchFormat : FuzzFormat
{
    private static readonly byte[] Opcodes =
        [.. "(.012NGIJKLMUXBCTRbcdeghjlopqrstu)]}a\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96"u8.ToArray().Where(code => code != 0xC2)];

    private static readonly string[] Names = ["latent_convs.0.0.weight", "module.fc_y.weight", "_orig_mod.bn_1.running_mean", "state_dict", "model", "optimizer", "rng_state", "epoch"];

    public override string Name => "pytorch";

    public override byte[] Make(FuzzRandom random)
    {
        int storages = random.Between(1, 3);
        int[] elements = [.. Enumerable.Range(0, storages).Select(_ => random.Below(40))];
        byte[] content = Dictionary(random, elements, depth: 0);
        byte[] pickle = Pickle(content, (byte)random.Or(random.Between(2, 5), 40));
        if (random.OneIn(4))
        {
            pickle = WithOpcodes(random, pickle);
        }

        List<(string, byte[])> entries = [("archive/data.pkl", random.Damaged(pickle, 8)), ("archive/version", [.. "3\n"u8])];
        for (int storage = 0; storage < storages; storage++)
        {
            int length = random.OneIn(10) ? random.Small(400) : 4 * elements[storage];
            entries.Add(($"archive/data/{storage}", random.OneIn(3) ? random.Bytes(length) : new byte[length]));
        }

        if (random.OneIn(10))
        {
            entries.Add((random.Of("archive/byteorder", "archive/constants.pkl", "other/data.pkl", "archive/data/0", "archive/.data/serialization_id", "archive/" + random.Text(30)), random.OneIn(2) ? [.. "little"u8] : random.Bytes(random.Small(30))));
        }

        return random.Damaged(Zip([.. entries], random.OneIn(15) ? CompressionLevel.Fastest : CompressionLevel.NoCompression), 5);
    }

    public override void Read(string path, FuzzRandom random)
    {
        using PyTorchFile file = PyTorchFile.Read(path);
        file.EnsureFinite(path);
    }

    public override bool IsRefusal(Exception exception) => exception is WeightsFileException;

    private static byte[] Dictionary(FuzzRandom random, int[] elements, int depth)
    {
        (string, byte[])[] items = [.. Enumerable.Range(0, random.Small(5) + 1).Select(i => (random.OneIn(3) ? random.Of(Names) : $"x{i}", Value(random, elements, depth)))];
        return random.OneIn(2) ? Ordered(items) : PickleBytes.Dictionary(items);
    }

    private static byte[] Value(FuzzRandom random, int[] elements, int depth) => random.Below(12) switch
    {
        0 when depth < 12 => Dictionary(random, elements, depth + 1),
        1 => Text(random.Text(20)),
        2 => Int(random.Edge()),
        3 => Call(Global(random.Of("torch._utils", "os", "builtins", "collections", "torch"), random.Of("_rebuild_tensor_v2", "system", "_rebuild_qtensor", "OrderedDict", "Size", "_rebuild_parameter")), Int(1), Text("x")),
        4 => None,
        5 => Call(Global("torch._utils", "_rebuild_parameter"), Tensor(random, elements), False, Ordered()),
        _ => Tensor(random, elements),
    };

    private static byte[] Tensor(FuzzRandom random, int[] elements)
    {
        int storage = random.Below(elements.Length);
        long announced = random.Or(elements[storage], 60);
        int rank = random.Small(4);
        long[] size = rank switch { 0 => [], 1 => [random.Or(elements[storage], 40)], _ => [.. Enumerable.Range(0, rank).Select(_ => random.Or(random.Below(4), 80))] };
        long[] stride = [.. size.Select((_, axis) => random.OneIn(40) ? random.Edge() : random.OneIn(6) ? 0 : size[(axis + 1)..].Aggregate(1L, (product, number) => unchecked(product * number)))];
        return PickleBytes.Tensor(
            Storage(random.OneIn(50) ? random.Of("HalfStorage", "QInt8Storage", "UntypedStorage", "LongStorage", random.Text(9)) : "FloatStorage", random.OneIn(100) ? random.Text(4) : $"{storage}", announced),
            random.Or(0, 60), size, stride);
    }

    private static byte[] WithOpcodes(FuzzRandom random, byte[] pickle)
    {
        List<byte> bytes = [.. pickle];
        for (int change = random.Small(5); change >= 0; change--)
        {
            int place = random.Below(bytes.Count);
            bytes.InsertRange(place, Enumerable.Repeat(random.Of(Opcodes), random.OneIn(20) ? random.Small(100_000) : 1 + random.Small(3)));
        }

        return [.. bytes];
    }
}
