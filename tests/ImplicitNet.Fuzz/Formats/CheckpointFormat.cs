using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Fuzz.Formats;

/// <summary>Checkpoints of a small run, changed in their names, shapes, texts and position, read as train --resume does.</summary>
internal sealed class CheckpointFormat : FuzzFormat, IDisposable
{
    private readonly ImplicitNetwork _network;
    private readonly Trainer _trainer;
    private readonly RunFolder _folder;
    private readonly byte[] _base;

    public CheckpointFormat(string folder)
    {
        const int count = 12, side = 9;
        FuzzRandom random = new(1);
        ImageDataset images = new("few", side, side, 1, 10, [.. random.Bytes(count * side * side)], [.. Enumerable.Range(0, count).Select(i => (byte)(i % 10))]);
        BatchOptions batches = new() { Normalization = new PixelNormalization(0.5, 0.3), BatchSize = 4, Seed = 1 };
        _network = new DigitClassifierOptions { LatentChannels = 2, Height = side, Width = side }.CreateNetwork();
        _folder = new RunFolder(folder);
        _trainer = new Trainer(
            _network, new Classification(), new ImageBatches(images, batches), new ImageBatches(images, batches), new TrainingOptions { Epochs = 1, AverageDecay = 0.9, WarmStart = new LatentCacheOptions() }, _folder);
        _trainer.Run();
        _base = File.ReadAllBytes(_folder.Checkpoint);
    }

    public override string Name => "checkpoint";

    public override byte[] Make(FuzzRandom random)
    {
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(_base);
        JsonObject header = JsonNode.Parse(_base.AsSpan(8, length))!.AsObject();
        byte[] data = [.. _base.AsSpan(8 + length)];
        for (int change = random.Small(3); change > 0; change--)
        {
            string name = random.Of([.. header.Select(entry => entry.Key)]);
            JsonObject entry = header[name]!.AsObject();
            if (name == "__metadata__")
            {
                // Otherwise the sum is made right again below.
                if (random.OneIn(4))
                {
                    entry["sha256"] = random.Text(70);
                    continue;
                }

                string position = (string?)entry["position"] ?? "{}";
                entry["position"] = Encoding.UTF8.GetString(JsonMutation.Of(random, position));
                continue;
            }

            switch (random.Below(5))
            {
                case 0:
                    header.Remove(name);
                    header[random.OneIn(2) ? name + "v" : random.Text(30)] = entry;
                    break;
                case 1:
                    header.Remove(name);
                    break;
                case 2 when entry["shape"] is JsonArray { Count: > 0 } shape:
                    entry["shape"] = new JsonArray([.. shape.Reverse().Select(size => size!.DeepClone())]);
                    break;
                case 3 when data.Length > 0:
                    data[random.Below(data.Length)] ^= (byte)(1 << random.Below(8));
                    break;
                case 4:
                    entry["dtype"] = random.Of("F32", "I32", "F16", "I64", "F64", "U8");
                    break;
            }
        }

        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString());
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)text.Length);
        if (SafetensorsChecksum.Find(text) is { } digits and >= 0)
        {
            using IncrementalHash hash = SafetensorsChecksum.Begin(prefix, text, digits);
            hash.AppendData(data);
            Encoding.ASCII.GetBytes(SafetensorsChecksum.End(hash)).CopyTo(text, digits);
        }

        return random.Damaged([.. prefix, .. text, .. data], 6);
    }

    public override void Read(string path, FuzzRandom random)
    {
        File.Copy(path, _folder.Checkpoint, overwrite: true);
        _trainer.Resume();
    }

    public void Dispose()
    {
        _trainer.Dispose();
        _network.Dispose();
    }

    public override bool IsRefusal(Exception exception) => exception is WeightsFileException;
}
