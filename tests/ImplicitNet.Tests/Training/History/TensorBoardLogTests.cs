using System.Buffers.Binary;
using ImplicitNet.Training.History;
using Tensorboard;

namespace ImplicitNet.Tests.Training.History;

public sealed class TensorBoardLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_record_has_good_checksums_and_TorchSharps_own_reader_finds_the_values()
    {
        using var log = new TensorBoardLog(_folder["run"], new FixedClock());
        (string Name, double Value, long Step)[] scalars =
        [
            ("train/loss", 0.25, 0), ("train/loss", 1e-30, 1), ("Genauigkeit/größe", double.NaN, 300), ("x", double.PositiveInfinity, long.MaxValue),
        ];
        foreach ((string name, double value, long step) in scalars)
        {
            log.AddScalar(name, value, step);
        }

        log.Flush();

        List<Event> events = ReadEvents(log.Path);
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.All(events, written => Assert.Equal(1_750_000_000.25, written.WallTime));
        Assert.Equal(scalars.Length + 1, events.Count);
        foreach (((string name, double value, long step), Event written) in scalars.Zip(events.Skip(1)))
        {
            Summary.Types.Value found = Assert.Single(written.Summary.Value);
            Assert.Equal(name, found.Tag);
            Assert.Equal((float)value, found.SimpleValue);
            Assert.Equal(step, written.Step);
        }
    }

    [Fact]
    public void A_second_log_in_the_same_second_is_a_second_file()
    {
        using var first = new TensorBoardLog(_folder.Path, new FixedClock());
        using var second = new TensorBoardLog(_folder.Path, new FixedClock());

        Assert.Equal(["events.out.tfevents.1750000000.000", "events.out.tfevents.1750000000.001"], _folder.Names);
    }

    // Framing and CRC-32C from their definitions, bit by bit, apart from the code under test.
    private static List<Event> ReadEvents(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] file = new byte[stream.Length];
        stream.ReadExactly(file);
        List<Event> events = [];
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            Assert.Equal(Masked(file.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            events.Add(Event.Parser.ParseFrom(file, at + 12, length));
            at += length + 16;
        }

        return events;
    }

    private static uint Masked(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(1_750_000_000.25);
    }

    [Fact]
    public void A_file_that_was_deleted_meanwhile_is_written_again()
    {
        using TemporaryFolder folder = new();
        using TensorBoardLog log = new(folder["board"]);
        log.AddScalar("loss", 1, 1);
        log.Flush();
        byte[] before = File.ReadAllBytes(log.Path);
        Directory.Delete(folder["board"], recursive: true);
        log.AddScalar("loss", 2, 2);
        log.Flush();
        byte[] after = File.ReadAllBytes(log.Path);
        Assert.Equal(before, after[..before.Length]);
        Assert.True(after.Length > before.Length);
    }
}
