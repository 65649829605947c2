using System.IO.Compression;
using System.Text;
using ImplicitNet.Files.Pickles;
using static TorchSharp.torch;

namespace ImplicitNet.Files.PyTorch;

/// <summary>The zip archive that a <c>.pth</c> file is: a pickle of the structure, and one record of bytes for each storage.</summary>
internal sealed class PyTorchArchive : IDisposable
{
    private const string PickleName = "data.pkl";
    private const long LargestPickle = 1 << 26;
    private readonly string _path;
    private readonly long _length;
    private readonly ZipArchive _zip;
    private readonly string _prefix;
    private long _bytesRead;

    /// <summary>Opens an archive; the stream knows its length and can be sought in.</summary>
    public PyTorchArchive(Stream stream, string path)
    {
        _path = path;
        _length = stream.Length;
        EnsureZip(stream);
        _zip = Guard(() => new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true));
        try
        {
            _prefix = Guard(FindPrefix);
            CheckVariant();
        }
        catch
        {
            _zip.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of the file.</summary>
    public long Length => _length;

    /// <summary>The pickle that describes the structure.</summary>
    public byte[] ReadPickle() => ReadSmall(PickleName, LargestPickle);

    /// <summary>A storage as a tensor of one dimension. The caller owns it.</summary>
    public Tensor ReadStorage(StorageRecord storage) => Guard(() =>
    {
        ZipArchiveEntry entry = Find($"data/{storage.Key}");
        if (entry.Length != (Int128)storage.Elements * storage.Type.Size)
        {
            throw new WeightsFileException(
                _path, $"record {Printable.Of(entry.FullName)}: it has {entry.Length} bytes; "
                    + $"{storage.Elements} elements of {storage.Type.Dtype} were announced.");
        }

        Tensor tensor = empty([storage.Elements], storage.Type.Scalar).DetachFromDisposeScope();
        try
        {
            if (entry.Length > 0)
            {
                using Stream bytes = entry.Open();
                tensor.ReadBytesFromStream(bytes);
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    });

    public void Dispose() => _zip.Dispose();

    // Files of PyTorch before 1.6 are pickles one after the other, the first of them a number that marks the format.
    private void EnsureZip(Stream stream)
    {
        byte[] begin = new byte[4];
        int count = stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        if (count == begin.Length && begin.AsSpan().SequenceEqual("PK\x03\x04"u8))
        {
            return;
        }

        throw new WeightsFileException(_path, count > 1 && begin[0] == (byte)PickleOpcode.Proto
            ? "byte 0: this is the format of PyTorch before 1.6, which is not read. Convert it in a recent PyTorch: "
                + "torch.save(torch.load(path), path)."
            : "byte 0: this is no zip archive, which a file written by torch.save is.");
    }

    private string FindPrefix()
    {
        ZipArchiveEntry? pickle = _zip.Entries
            .Where(entry => entry.Name == PickleName && entry.FullName.Count(letter => letter == '/') <= 1)
            .MinBy(entry => entry.FullName.Length);
        return pickle is null
            ? throw new WeightsFileException(_path, "the archive has no record data.pkl; torch.save writes one.")
            : pickle.FullName[..^PickleName.Length];
    }

    private void CheckVariant()
    {
        if (_zip.GetEntry(_prefix + "constants.pkl") is not null)
        {
            throw new WeightsFileException(
                _path, "this is a TorchScript module; save its weights instead: torch.save(module.state_dict(), path).");
        }

        if (_zip.GetEntry(_prefix + "byteorder") is not null
            && Encoding.ASCII.GetString(ReadSmall("byteorder", 16)) is not "little" and var order)
        {
            throw new WeightsFileException(_path, $"record byteorder: the bytes are {Printable.Of(order)} endian; 'little' was expected.");
        }
    }

    private byte[] ReadSmall(string name, long limit) => Guard(() =>
    {
        ZipArchiveEntry entry = Find(name);
        if (entry.Length > limit)
        {
            throw new WeightsFileException(_path, $"record {name}: it has {entry.Length} bytes; at most {limit} are read.");
        }

        byte[] bytes = new byte[entry.Length];
        using Stream stream = entry.Open();
        stream.ReadExactly(bytes);
        return bytes;
    });

    /// <summary>A record that is stored as it is, so that all records together are never larger than the file.</summary>
    private ZipArchiveEntry Find(string name)
    {
        ZipArchiveEntry entry = _zip.GetEntry(_prefix + name)
            ?? throw new WeightsFileException(_path, $"record {Printable.Of(name)} is missing.");
        if (entry.IsEncrypted || entry.Length != entry.CompressedLength)
        {
            throw new WeightsFileException(
                _path, $"record {Printable.Of(name)} is compressed or encrypted; torch.save stores records as they are.");
        }

        _bytesRead += Math.Min(entry.Length, _length + 1);
        return entry.Length >= 0 && _bytesRead <= _length
            ? entry
            : throw new WeightsFileException(
                _path, $"record {Printable.Of(name)} of {entry.Length} bytes: the records are larger than the file of {_length} bytes.");
    }

    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or NotSupportedException)
        {
            throw new WeightsFileException(_path, $"the zip archive is damaged: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }
}
