namespace ImplicitNet.Files.PyTorch;

/// <summary>The name of a class or function, which is compared with names that are known and never looked up.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A value that is passed over: of an unknown class, or of a kind in which no tensor has a name.</summary>
/// <param name="Source">The name of the class, or what it is in words; made a text only where it is told.</param>
internal sealed record PickleOpaque(object Source)
{
    public string What => Source.ToString() ?? "";
}

/// <summary>A dictionary: what it holds under texts. What is under other keys has no name and is dropped.</summary>
internal sealed class PickleDictionary
{
    // Made when the first entry comes: a file can be millions of empty dictionaries.
    private OrderedDictionary<string, object?>? _entries;

    public IEnumerable<KeyValuePair<string, object?>> Entries => _entries ?? Enumerable.Empty<KeyValuePair<string, object?>>();

    public void Set(object? key, object? value)
    {
        if (key is string text)
        {
            _entries ??= [];
            _entries[text] = value;
        }
    }
}
