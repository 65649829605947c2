using ImplicitNet.Files.Pickles;
using static TorchSharp.torch;

namespace ImplicitNet.Files.PyTorch;

/// <summary>From the structure of a file to its state dictionaries.</summary>
internal sealed class PyTorchReader(PyTorchArchive archive, string path)
{
    // More than anybody saves: dictionaries in dictionaries, how many of them, tensors in all, and values told of.
    private const int MaximalDepth = 8;
    private const int MaximalDictionaries = 10_000;
    private const int MaximalTensors = 1 << 18;
    private const int MaximalTold = 1000;

    // Views may repeat the elements of a storage, and many may share one: all views together have at most so many elements for each byte
    // of the file, so that whoever goes through them all goes through no more than the file is long, some times over.
    private const long MaximalElementsForByte = 16;
    private const long FreeElements = 1 << 20;
    private readonly Dictionary<string, IReadOnlyDictionary<string, Tensor>> _dictionaries = [];
    private readonly Dictionary<string, string> _passedOver = [];
    private readonly Dictionary<string, (StorageRecord Record, Tensor Tensor)> _storages = [];

    // A dictionary may hold itself, and one may be in several places.
    private readonly HashSet<PickleDictionary> _visited = new(ReferenceEqualityComparer.Instance);
    private int _tensors;
    private Int128 _elements;

    /// <summary>Reads a whole archive; the caller owns the tensors.</summary>
    public static PyTorchFile Read(Stream stream, string path)
    {
        using PyTorchArchive archive = new(stream, path);
        return new PyTorchReader(archive, path).Read();
    }

    private PyTorchFile Read()
    {
        try
        {
            PickleSource pickle = new(
                archive.ReadPickle(),
                (place, problem, cause) => new WeightsFileException(path, $"data.pkl, byte {place}: {problem}.", cause));
            object? root = PickleMachine.Read(pickle, new PyTorchConstructors(pickle));
            if (root is not PickleDictionary dictionary)
            {
                string what = root is PickleOpaque opaque ? Printable.Of(opaque.What) : "a single value";
                throw new WeightsFileException(
                    path, $"the file holds {what}, no dictionary; save the weights alone: torch.save(model.state_dict(), path).");
            }

            Visit(dictionary, "", depth: 0);
            return new PyTorchFile(_dictionaries, _passedOver);
        }
        catch
        {
            foreach (Tensor tensor in _dictionaries.Values.SelectMany(tensors => tensors.Values))
            {
                tensor.Dispose();
            }

            throw;
        }
        finally
        {
            // The views hold their memory.
            foreach ((_, Tensor storage) in _storages.Values)
            {
                storage.Dispose();
            }
        }
    }

    private void Visit(PickleDictionary dictionary, string place, int depth)
    {
        if (!_visited.Add(dictionary))
        {
            return;
        }

        if (_visited.Count > MaximalDictionaries)
        {
            throw new WeightsFileException(path, $"data.pkl: there are more than {MaximalDictionaries} dictionaries.");
        }

        Dictionary<string, Tensor> tensors = [];
        _dictionaries.TryAdd(place, tensors);
        foreach ((string name, object? value) in dictionary.Entries)
        {
            switch (value)
            {
                case TensorRecord tensor:
                    tensors[name] = View(tensor);
                    break;
                case PickleDictionary nested when depth < MaximalDepth:
                    Visit(nested, Inner(place, name), depth + 1);
                    break;
                case PickleOpaque opaque when _passedOver.Count < MaximalTold:
                    _passedOver[Inner(place, name)] = opaque.What;
                    break;
            }
        }

        if (tensors.Count == 0)
        {
            _dictionaries.Remove(place);
        }
    }

    private static string Inner(string place, string name) => place.Length == 0 ? name : $"{place}/{name}";

    private Tensor View(TensorRecord tensor)
    {
        if (++_tensors > MaximalTensors)
        {
            throw new WeightsFileException(path, $"data.pkl: there are more than {MaximalTensors} tensors.");
        }

        StorageRecord record = tensor.Storage;
        if (!_storages.TryGetValue(record.Key, out (StorageRecord Record, Tensor Tensor) storage))
        {
            storage = (record, archive.ReadStorage(record));
            _storages.Add(record.Key, storage);
        }
        else if (storage.Record != record)
        {
            throw new WeightsFileException(
                path, $"storage {Printable.Of(record.Key)} is announced as {storage.Record.Elements} elements of "
                    + $"{storage.Record.Type.Dtype} and as {record.Elements} of {record.Type.Dtype}.");
        }

        _elements += tensor.Size.Aggregate((Int128)1, (product, size) => product * size);
        if (_elements > FreeElements + (MaximalElementsForByte * archive.Length))
        {
            throw new WeightsFileException(
                path, $"data.pkl: the tensors are views of {_elements} elements, and the file has {archive.Length} bytes; "
                + $"save copies: torch.save({{k: v.clone() for k, v in state.items()}}, path).");
        }

        return storage.Tensor.as_strided([.. tensor.Size], [.. tensor.Stride], tensor.Offset).DetachFromDisposeScope();
    }
}
