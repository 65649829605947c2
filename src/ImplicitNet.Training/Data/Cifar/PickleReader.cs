using System.Buffers.Binary;
using System.Text;

namespace ImplicitNet.Training.Data.Cifar;

/// <summary>
/// Reads those instructions of pickle protocol 2 (PEP 307) that make up a batch of CIFAR-10, into plain values. Nothing is imported, called
/// or executed: an object stays the description of one.
/// </summary>
/// <remarks>
/// Numbers become int, None null, byte strings ReadOnlyMemory of the file's bytes, Unicode strings string, tuples arrays, lists List,
/// dictionaries Dictionary with texts as keys, objects <see cref="PickledObject"/>.
/// </remarks>
internal sealed class PickleReader
{
    // A published batch takes about 50,000.
    private const int MaximumInstructions = 1 << 20;
    private const int LongestName = 256;

    private static readonly object Mark = new();

    private readonly ReadOnlyMemory<byte> _content;
    private readonly string _name;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<int, object?> _memo = [];
    private int _place;

    private PickleReader(ReadOnlyMemory<byte> content, string name) => (_content, _name) = (content, name);

    /// <summary>The value that a pickle holds.</summary>
    /// <exception cref="DataFileException">It is cut short, or holds what no batch of CIFAR-10 does.</exception>
    public static object? Read(ReadOnlyMemory<byte> content, string name) => new PickleReader(content, name).Run();

    /// <summary>The text of a byte string or a Unicode string.</summary>
    public static string? Text(object? value) => value switch
    {
        string text => text,
        ReadOnlyMemory<byte> bytes => Encoding.Latin1.GetString(bytes.Span),
        _ => null,
    };

    private object? Run()
    {
        for (int count = 0; count < MaximumInstructions; count++)
        {
            int start = _place;
            char instruction = (char)Take(1)[0];
            if (instruction == '.')
            {
                return Pop();
            }

            if (!Values(instruction) && !Containers(instruction) && !Objects(instruction))
            {
                throw Fault(start, $"instruction 0x{(int)instruction:X2} is none that a batch of CIFAR-10 has.");
            }
        }

        throw Fault(_place, $"more than {MaximumInstructions} instructions; a batch of CIFAR-10 has less.");
    }

    private bool Values(char instruction)
    {
        switch (instruction)
        {
            case '\x80': // protocol
                int protocol = Take(1)[0];
                return protocol <= 2 ? true : throw Fault(_place - 1, $"pickle protocol {protocol}, expected 2 as published.");
            case 'N':
                return Push(null);
            case '\x88':
                return Push(true);
            case '\x89':
                return Push(false);
            case 'K':
                return Push((int)Take(1)[0]);
            case 'M':
                return Push((int)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
            case 'J':
                return Push(BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
            case '\x8A': // whole number of up to four bytes, as Python 2 writes a long
                Span<byte> digits = stackalloc byte[4];
                int width = Take(1)[0];
                ReadOnlySpan<byte> given = width <= 4 ? Take(width) : throw Fault(_place - 1, $"a number of {width} bytes.");
                digits.Fill((byte)(width > 0 && given[^1] >= 0x80 ? 0xFF : 0));
                given.CopyTo(digits);
                return Push(BinaryPrimitives.ReadInt32LittleEndian(digits));
            case 'U': // byte string, one byte of length
                return Push(Bytes(Take(1)[0]));
            case 'T': // byte string, four bytes of length
                return Push(Bytes(Length()));
            case 'X': // Unicode string
                return Push(Encoding.UTF8.GetString(Bytes(Length()).Span));
            default:
                return false;
        }
    }

    private bool Containers(char instruction)
    {
        switch (instruction)
        {
            case '(':
                return Push(Mark);
            case ')':
                return Push(Array.Empty<object?>());
            case '\x85' or '\x86' or '\x87': // tuples of one, two and three
                return Push(PopMany(instruction - '\x84'));
            case 't':
                return Push(PopToMark());
            case ']':
                return Push(new List<object?>());
            case 'a':
                object? item = Pop();
                Top<List<object?>>().Add(item);
                return true;
            case 'e':
                object?[] items = PopToMark();
                Top<List<object?>>().AddRange(items);
                return true;
            case '}':
                return Push(new Dictionary<string, object?>());
            case 's':
                return Set(PopMany(2));
            case 'u':
                return Set(PopToMark());
            default:
                return false;
        }
    }

    private bool Objects(char instruction)
    {
        switch (instruction)
        {
            case 'c':
                return Push(new PickledName($"{Line()}.{Line()}"));
            case 'R': // would call
                return PopMany(2) is [PickledName called, object?[] arguments]
                    ? Push(new PickledObject(called.Name, arguments))
                    : throw Fault(_place - 1, "a call of what is no name, or without arguments.");
            case 'b': // would tell its state
                object? state = Pop();
                Top<PickledObject>().State = state;
                return true;
            case 'q':
                return Remember(Take(1)[0]);
            case 'r':
                return Remember(Length());
            case 'h':
                return Recall(Take(1)[0]);
            case 'j':
                return Recall(Length());
            default:
                return false;
        }
    }

    private bool Push(object? value)
    {
        _stack.Add(value);
        return true;
    }

    private object? Pop() => PopMany(1)[0];

    private object?[] PopMany(int count)
    {
        int first = _stack.Count - count;
        if (first < 0)
        {
            throw Fault(_place - 1, "more values are taken than were put.");
        }

        object?[] values = [.. _stack[first..]];
        _stack.RemoveRange(first, count);
        return values.Contains(Mark) ? throw Fault(_place - 1, "a value was expected, and there is a mark.") : values;
    }

    private object?[] PopToMark()
    {
        int mark = _stack.LastIndexOf(Mark);
        if (mark < 0)
        {
            throw Fault(_place - 1, "there is no mark to go back to.");
        }

        object?[] values = PopMany(_stack.Count - mark - 1);
        _stack.RemoveAt(mark);
        return values;
    }

    private T Top<T>() =>
        _stack.LastOrDefault() is T top ? top : throw Fault(_place - 1, $"the instruction needs a {typeof(T).Name.Split('`')[0]}.");

    private bool Set(object?[] pairs)
    {
        Dictionary<string, object?> target = Top<Dictionary<string, object?>>();
        for (int i = 0; i + 1 < pairs.Length; i += 2)
        {
            target[Text(pairs[i]) ?? throw Fault(_place - 1, "a key is no text.")] = pairs[i + 1];
        }

        return pairs.Length % 2 == 0 ? true : throw Fault(_place - 1, "a key without a value.");
    }

    private bool Remember(int number)
    {
        object? value = Pop();
        _memo[number] = value;
        return Push(value);
    }

    private bool Recall(int number) =>
        _memo.TryGetValue(number, out object? value) ? Push(value) : throw Fault(_place - 1, $"value {number} was never kept.");

    private int Length()
    {
        int start = _place;
        int length = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        return length >= 0 ? length : throw Fault(start, $"a length of {length}.");
    }

    private string Line()
    {
        ReadOnlySpan<byte> rest = _content.Span[_place..];
        int end = rest[..Math.Min(rest.Length, LongestName)].IndexOf((byte)'\n');
        if (end < 0)
        {
            throw Fault(_place, "a name without end.");
        }

        _place += end + 1;
        return Encoding.Latin1.GetString(rest[..end]);
    }

    private ReadOnlySpan<byte> Take(int count) => Bytes(count).Span;

    private ReadOnlyMemory<byte> Bytes(int count)
    {
        if (count > _content.Length - _place)
        {
            throw Fault(_place, $"the pickle ends here, expected {count} bytes more: it was cut short.");
        }

        _place += count;
        return _content.Slice(_place - count, count);
    }

    private DataFileException Fault(int offset, string fault) => new(_name, offset, fault);
}
