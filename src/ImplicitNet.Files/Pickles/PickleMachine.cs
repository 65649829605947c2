namespace ImplicitNet.Files.Pickles;

/// <summary>
/// Interprets a pickle without executing anything: names of classes and functions are data, an object stays the description of one, and
/// what of that a format means is for its <see cref="PickleConstructors"/> to say.
/// </summary>
/// <remarks>
/// An opcode makes at most one value, and there are at most <see cref="MaximalOpcodes"/>: that bounds stack, memo and
/// memory. Whole numbers become long, None null, texts and the strings of Python 2 string, tuples arrays; the contents of sets are dropped.
/// </remarks>
internal sealed class PickleMachine
{
    // Checkpoints of the largest language models have some hundred thousand.
    private const int MaximalOpcodes = 1 << 22;
    private static readonly PickleUnread Set = new("a set");
    private static readonly PickleUnread HugeNumber = new("an integer of more than 64 bits");
    private static readonly PickleUnread Result = new("the value of a call");
    private static readonly PickleUnread Outside = new("an object outside the pickle");

    private readonly PickleSource _source;
    private readonly PickleStack _stack;
    private readonly PickleConstructors? _constructors;
    private readonly Dictionary<uint, object?> _memo = [];

    private PickleMachine(PickleSource source, PickleConstructors? constructors)
    {
        _source = source;
        _stack = new PickleStack(_source);
        _constructors = constructors;
    }

    /// <summary>The value that a pickle describes. Throws what the source makes of a fault where the pickle breaks the format.</summary>
    /// <param name="source">The pickle.</param>
    /// <param name="constructors">What is understood of the objects in it; null: they stay descriptions.</param>
    public static object? Read(PickleSource source, PickleConstructors? constructors = null) =>
        new PickleMachine(source, constructors).Run();

    private object? Run()
    {
        for (int count = 0; count < MaximalOpcodes; count++)
        {
            PickleOpcode opcode = _source.Opcode();
            if (opcode == PickleOpcode.Stop)
            {
                return _stack.Pop();
            }

            if (!Scalar(opcode) && !Collection(opcode) && !Memory(opcode))
            {
                Object(opcode);
            }
        }

        throw _source.Fault($"the pickle has more than {MaximalOpcodes} opcodes");
    }

    private bool Scalar(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.None: _stack.Push(null); break;
            case PickleOpcode.NewTrue: _stack.Push(true); break;
            case PickleOpcode.NewFalse: _stack.Push(false); break;
            case PickleOpcode.BinInt: _stack.Push((long)_source.Int32()); break;
            case PickleOpcode.BinInt1: _stack.Push((long)_source.Byte()); break;
            case PickleOpcode.BinInt2: _stack.Push((long)_source.UInt16()); break;
            case PickleOpcode.Long1: PushLong(_source.Byte()); break;
            case PickleOpcode.Long4: PushLong(_source.UInt32()); break;
            case PickleOpcode.BinFloat: _stack.Push(_source.Float()); break;
            case PickleOpcode.ShortBinUnicode: _stack.Push(_source.Text(_source.Byte())); break;
            case PickleOpcode.BinUnicode: _stack.Push(_source.Text(_source.UInt32())); break;
            case PickleOpcode.BinUnicode8: _stack.Push(_source.Text(_source.UInt64())); break;
            case PickleOpcode.ShortBinString: _stack.Push(_source.Latin1(_source.Byte())); break;
            case PickleOpcode.BinString: _stack.Push(_source.Latin1(_source.UInt32())); break;
            case PickleOpcode.ShortBinBytes: PushBytes(_source.Byte()); break;
            case PickleOpcode.BinBytes: PushBytes(_source.UInt32()); break;
            case PickleOpcode.BinBytes8 or PickleOpcode.ByteArray8: PushBytes(_source.UInt64()); break;
            default: return false;
        }

        return true;
    }

    private bool Collection(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Mark: _stack.Mark(); break;
            case PickleOpcode.EmptyTuple: _stack.Push(Array.Empty<object?>()); break;
            case PickleOpcode.Tuple1: _stack.Push(_stack.Pop(1)); break;
            case PickleOpcode.Tuple2: _stack.Push(_stack.Pop(2)); break;
            case PickleOpcode.Tuple3: _stack.Push(_stack.Pop(3)); break;
            case PickleOpcode.Tuple: _stack.Push(_stack.PopToMark()); break;
            case PickleOpcode.EmptyList: _stack.Push(new PickleList()); break;
            case PickleOpcode.EmptySet: _stack.Push(Set); break;
            case PickleOpcode.List: PushList(_stack.PopToMark()); break;
            case PickleOpcode.FrozenSet: _stack.PopToMark(); _stack.Push(Set); break;
            case PickleOpcode.Append: AddItems(_stack.Pop(1)); break;
            case PickleOpcode.Appends or PickleOpcode.AddItems: AddItems(_stack.PopToMark()); break;
            case PickleOpcode.EmptyDict: _stack.Push(new PickleDictionary()); break;
            case PickleOpcode.Dict: PushDictionary(_stack.PopToMark()); break;
            case PickleOpcode.SetItem: SetItems(_stack.Pop(2)); break;
            case PickleOpcode.SetItems: SetItems(_stack.PopToMark()); break;
            default: return false;
        }

        return true;
    }

    private bool Memory(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Pop: _stack.Discard(); break;
            case PickleOpcode.PopMark: _stack.PopToMark(); break;
            case PickleOpcode.Dup: _stack.Push(_stack.Peek()); break;
            case PickleOpcode.BinPut: _memo[_source.Byte()] = _stack.Peek(); break;
            case PickleOpcode.LongBinPut: _memo[_source.UInt32()] = _stack.Peek(); break;
            case PickleOpcode.Memoize: _memo[(uint)_memo.Count] = _stack.Peek(); break;
            case PickleOpcode.BinGet: Recall(_source.Byte()); break;
            case PickleOpcode.LongBinGet: Recall(_source.UInt32()); break;
            case PickleOpcode.Frame: _source.UInt64(); break;
            case PickleOpcode.Proto: CheckProtocol(_source.Byte()); break;
            default: return false;
        }

        return true;
    }

    private void Object(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Global: _stack.Push(new PickleGlobal(_source.Line(), _source.Line())); break;
            case PickleOpcode.StackGlobal: PushGlobal(_stack.Pop(2)); break;
            case PickleOpcode.BinPersId: PushPersistent(_stack.Pop()); break;
            case PickleOpcode.Reduce or PickleOpcode.NewObj: Call(_stack.Pop(2)); break;
            case PickleOpcode.NewObjEx: _stack.Pop(); Call(_stack.Pop(2)); break;
            case PickleOpcode.Build: Tell(_stack.Pop()); break;
            default:
                throw _source.Fault($"0x{(byte)opcode:X2} is no opcode that is understood (those of pickle protocols 2 to 5, "
                + $"without buffers outside the file)");
        }
    }

    private void CheckProtocol(byte protocol)
    {
        if (protocol is < 2 or > 5)
        {
            throw _source.Fault($"the pickle's protocol is {protocol}; 2 to 5 are understood");
        }
    }

    private void PushLong(uint length) => _stack.Push(_source.Long(length) is { } number ? number : HugeNumber);

    private void PushBytes(ulong length) => _stack.Push(new PickleByteString(_source.Bytes(length)));

    private void PushList(object?[] items)
    {
        _stack.Push(new PickleList());
        AddItems(items);
    }

    // A class of its own may take items too: it is passed over with them.
    private void AddItems(object?[] items)
    {
        if (_stack.Peek() is PickleList list)
        {
            list.Add(items);
        }
    }

    private void PushDictionary(object?[] items)
    {
        _stack.Push(new PickleDictionary());
        SetItems(items);
    }

    private void SetItems(object?[] items)
    {
        if (items.Length % 2 != 0)
        {
            throw _source.Fault("a key has no value");
        }

        if (_stack.Peek() is PickleDictionary dictionary)
        {
            for (int index = 0; index < items.Length; index += 2)
            {
                if (items[index] is string { Length: > PickleSource.LongestName })
                {
                    throw _source.Fault($"a key has more than {PickleSource.LongestName} letters");
                }

                dictionary.Set(items[index], items[index + 1]);
            }
        }
    }

    private void PushGlobal(object?[] names) =>
        _stack.Push(names is [string { Length: <= PickleSource.LongestName } module, string { Length: <= PickleSource.LongestName } name]
            ? new PickleGlobal(module, name)
            : throw _source.Fault($"the name of a class is no text of at most {PickleSource.LongestName} letters"));

    private void Recall(uint index) =>
        _stack.Push(_memo.TryGetValue(index, out object? value) ? value : throw _source.Fault($"nothing is remembered under {index}"));

    private void PushPersistent(object? id) => _stack.Push(_constructors is null ? Outside : _constructors.Persistent(id));

    private void Call(object?[] called)
    {
        if (called is [PickleGlobal callable, object?[] arguments])
        {
            PickleObject described = new(callable, arguments);
            _stack.Push(_constructors is null ? described : _constructors.Make(described));
        }
        else
        {
            _stack.Push(called[0] as PickleOpaque ?? (called[0] is PickleGlobal unread ? new PickleUnread(unread) : Result));
        }
    }

    // What was made already, such as a tensor, needs no state.
    private void Tell(object? state)
    {
        if (_stack.Peek() is PickleObject described)
        {
            described.State = state;
        }
    }
}
