namespace ImplicitNet.Files.Pickles;

/// <summary>The name of a class or function, which is compared with names that are known and never looked up.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A value that is neither plain (a number, a text, a tuple) nor a dictionary.</summary>
internal abstract class PickleOpaque
{
    /// <summary>What it is, in a few words, or the name of its class: made a text only where it is told.</summary>
    public abstract string What { get; }
}

/// <summary>A value of which nothing is kept.</summary>
/// <param name="source">The name of the class, or what it is in words.</param>
internal sealed class PickleUnread(object source) : PickleOpaque
{
    public override string What => source.ToString() ?? "";
}

/// <summary>Bytes, as a part of the pickle's own.</summary>
internal sealed class PickleByteString(ReadOnlyMemory<byte> content) : PickleOpaque
{
    public ReadOnlyMemory<byte> Content => content;

    public override string What => "bytes";
}

/// <summary>A list.</summary>
internal sealed class PickleList : PickleOpaque
{
    // Made when the first value comes: a file can be millions of empty lists.
    private List<object?>? _items;

    public IReadOnlyList<object?> Items => _items ?? [];

    public override string What => "a list";

    public void Add(params ReadOnlySpan<object?> values) => (_items ??= []).AddRange(values);
}

/// <summary>
/// What a pickle says about an object: what would be called to make it, with what, and what it would then be told. Nothing is called.
/// </summary>
internal sealed class PickleObject(PickleGlobal callable, object?[] arguments) : PickleOpaque
{
    public PickleGlobal Callable => callable;

    public object?[] Arguments => arguments;

    public object? State { get; set; }

    public override string What => callable.ToString();
}

/// <summary>A dictionary: what it holds under texts. What is under other keys has no name and is dropped.</summary>
internal sealed class PickleDictionary
{
    // Made when the first entry comes: a file can be millions of empty dictionaries.
    private OrderedDictionary<string, object?>? _entries;

    public IEnumerable<KeyValuePair<string, object?>> Entries => _entries ?? Enumerable.Empty<KeyValuePair<string, object?>>();

    /// <summary>The value under a text; null where there is none.</summary>
    public object? this[string key] => _entries?.GetValueOrDefault(key);

    public void Set(object? key, object? value)
    {
        if (key is string text)
        {
            _entries ??= [];
            _entries[text] = value;
        }
    }
}
