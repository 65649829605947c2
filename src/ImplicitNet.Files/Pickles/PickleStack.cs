namespace ImplicitNet.Files.Pickles;

/// <summary>The stack of a pickle and the marks on it.</summary>
internal sealed class PickleStack(PickleSource source)
{
    private readonly List<object?> _values = [];
    private readonly List<int> _marks = [];

    // Values below the last mark are out of reach until the mark is taken.
    private int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    public void Push(object? value) => _values.Add(value);

    public void Mark() => _marks.Add(_values.Count);

    public object? Peek() => _values.Count > Floor ? _values[^1] : throw source.Fault("a value is missing on the stack");

    public object? Pop()
    {
        object? top = Peek();
        _values.RemoveAt(_values.Count - 1);
        return top;
    }

    /// <summary>The last values, in the order in which they were pushed.</summary>
    public object?[] Pop(int count)
    {
        object?[] values = new object?[count];
        for (int index = count - 1; index >= 0; index--)
        {
            values[index] = Pop();
        }

        return values;
    }

    /// <summary>All values since the last mark, which is taken.</summary>
    public object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw source.Fault("there is no mark on the stack");
        }

        int begin = _marks[^1];
        object?[] values = [.. _values.Skip(begin)];
        _values.RemoveRange(begin, _values.Count - begin);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    /// <summary>Takes the last value, or the mark where that is the last.</summary>
    public void Discard()
    {
        if (_values.Count > Floor || _marks.Count == 0)
        {
            Pop();
        }
        else
        {
            PopToMark();
        }
    }
}
