using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.Serialization;
using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>
/// Options as values by declared names, such as <c>solver.Memory</c>: the name of a property, or of a type where one of several can be
/// chosen. One that is renamed declares its old name (<c>[DataMember(Name = "Memory")]</c>, for a type
/// <c>[DataContract(Name = "AndersonSolver")]</c>), so that what was kept under it is still found; options of the user's own kinds are read
/// likewise.
/// </summary>
internal sealed class OptionNames
{
    private const int Deepest = 8;

    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _defaults = [];

    /// <summary>Value by name.</summary>
    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>Takes down a value and all that it is made of.</summary>
    public void Add(string name, object? value) => Add(name, value, isDefault: false, depth: 0);

    /// <summary>
    /// How these differ from what a file kept; null where they do not. An option that the file does not know is newer than it, and was
    /// at its default then.
    /// </summary>
    /// <param name="kept">Value by name.</param>
    /// <returns>One line.</returns>
    public string? DifferenceFrom(IReadOnlyDictionary<string, string> kept)
    {
        IEnumerable<string> differing =
            from name in _values.Keys.Union(kept.Keys).Order(StringComparer.Ordinal)
            let then = kept.GetValueOrDefault(name, _defaults.Contains(name) ? _values[name] : "nothing")
            let now = _values.GetValueOrDefault(name, "nothing")
            where then != now
            select $"{name} was {then} and is {now}";
        string line = string.Join("; ", differing);
        return line.Length == 0 ? null : line;
    }

    private void Add(string name, object? value, bool isDefault, int depth)
    {
        if (Text(value) is { } text)
        {
            Put(name, text, isDefault);
            return;
        }

        if (depth == Deepest)
        {
            throw new ArgumentException($"{name} has options within options without end.");
        }

        if (value is IEnumerable list)
        {
            object?[] entries = [.. list.Cast<object?>()];
            Put(name, entries.Length == 0 ? "none" : $"{entries.Length}", isDefault);
            for (int position = 0; position < entries.Length; position++)
            {
                Add($"{name}.{position + 1}", entries[position], isDefault, depth + 1);
            }

            return;
        }

        Type type = value!.GetType();
        Put(name, Declared(type), isDefault);
        object? unchanged = Unchanged(type);
        foreach (PropertyInfo property in Stored(type))
        {
            object? held = property.GetValue(value);
            bool isUnchanged = unchanged is not null && Equals(held, property.GetValue(unchanged));
            Add($"{name}.{property.GetCustomAttribute<DataMemberAttribute>()?.Name ?? property.Name}", held, isUnchanged, depth + 1);
        }
    }

    private void Put(string name, string text, bool isDefault)
    {
        _values.Add(name, text);
        if (isDefault)
        {
            _defaults.Add(name);
        }
    }

    private static string Declared(Type type) => type.GetCustomAttribute<DataContractAttribute>()?.Name ?? type.Name;

    /// <summary>A value in one word; null for what is made of others.</summary>
    private static string? Text(object? value) => value switch
    {
        null => "none",
        string text => text,
        bool flag => flag ? "true" : "false",
        Device device => device.ToString(),
        Tensor tensor => Contents(tensor),
        IFormattable number when number.GetType() is { IsPrimitive: true } or { IsEnum: true } || number is decimal or TimeSpan =>
            number.ToString(null, CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>A tensor by its shape, dtype and a checksum of its values: weights of classes in a task of one's own, say.</summary>
    private static string Contents(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        byte[] sum = SHA256.HashData(tensor.detach().cpu().contiguous().bytes);
        return $"{tensor.dtype} [{string.Join(", ", tensor.shape)}] {Convert.ToHexStringLower(sum)[..16]}";
    }

    /// <summary>What a property holds, not what is worked out from it; functions have no name that stays.</summary>
    private static IEnumerable<PropertyInfo> Stored(Type type) =>
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.GetIndexParameters().Length == 0 && property.GetMethod is { IsPublic: true }
            && (property.CanWrite || HasField(property)) && !property.PropertyType.IsAssignableTo(typeof(Delegate))
        select property;

    private static bool HasField(PropertyInfo property) =>
        property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", BindingFlags.NonPublic | BindingFlags.Instance) is not null;

    private static object? Unchanged(Type type) =>
        !type.IsAbstract && type.GetConstructor(Type.EmptyTypes) is { } constructor ? constructor.Invoke([]) : null;
}
