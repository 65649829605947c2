using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ImplicitNet.Files.Pickles;

namespace ImplicitNet.Files.PyTorch;

/// <summary>Writes the pickle of a state dictionary, in protocol 2 as torch.save does: an OrderedDict from names to tensors.</summary>
internal sealed class PyTorchPickle
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    private PyTorchPickle()
    {
    }

    /// <summary>The pickle of row-major tensors, the storage of the first of which has the key 0, and so on.</summary>
    public static byte[] Of(IEnumerable<(string Name, ElementType Type, long[] Shape)> tensors)
    {
        PyTorchPickle pickle = new();
        pickle.Write(PickleOpcode.Proto, 2);
        pickle.EmptyOrderedDictionary();
        pickle.Write(PickleOpcode.Mark);
        int key = 0;
        foreach ((string name, ElementType type, long[] shape) in tensors)
        {
            pickle.Text(name);
            pickle.Tensor(type, shape, key.ToString(CultureInfo.InvariantCulture));
            key++;
        }

        pickle.Write(PickleOpcode.SetItems);
        pickle.Write(PickleOpcode.Stop);
        return pickle._bytes.WrittenSpan.ToArray();
    }

    private void Tensor(ElementType type, long[] shape, string key)
    {
        long[] strides = new long[shape.Length];
        long elements = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = elements;
            elements *= shape[axis];
        }

        Global("torch._utils", "_rebuild_tensor_v2");
        Write(PickleOpcode.Mark);
        Write(PickleOpcode.Mark);
        Text("storage");
        Global("torch", type.Storage);
        Text(key);
        Text("cpu");
        Number(elements);
        Write(PickleOpcode.Tuple);
        Write(PickleOpcode.BinPersId);
        Number(0);
        Numbers(shape);
        Numbers(strides);
        Write(PickleOpcode.NewFalse);
        EmptyOrderedDictionary();
        Write(PickleOpcode.Tuple);
        Write(PickleOpcode.Reduce);
    }

    private void EmptyOrderedDictionary()
    {
        Global("collections", "OrderedDict");
        Write(PickleOpcode.EmptyTuple);
        Write(PickleOpcode.Reduce);
    }

    private void Numbers(long[] numbers)
    {
        Write(PickleOpcode.Mark);
        foreach (long number in numbers)
        {
            Number(number);
        }

        Write(PickleOpcode.Tuple);
    }

    private void Number(long number)
    {
        Span<byte> digits = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(digits, number);
        if (number is >= 0 and <= int.MaxValue)
        {
            Write(PickleOpcode.BinInt, digits[..sizeof(int)]);
        }
        else
        {
            Write(PickleOpcode.Long1, [sizeof(long), .. digits]);
        }
    }

    private void Text(string text)
    {
        byte[] letters = Encoding.UTF8.GetBytes(text);
        byte[] length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, letters.Length);
        Write(PickleOpcode.BinUnicode, [.. length, .. letters]);
    }

    private void Global(string module, string name) => Write(PickleOpcode.Global, Encoding.ASCII.GetBytes($"{module}\n{name}\n"));

    private void Write(PickleOpcode opcode, params ReadOnlySpan<byte> argument)
    {
        _bytes.Write([(byte)opcode]);
        _bytes.Write(argument);
    }
}
