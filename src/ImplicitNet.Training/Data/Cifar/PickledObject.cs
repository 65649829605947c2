namespace ImplicitNet.Training.Data.Cifar;

/// <summary>
/// What a pickle says about an object: what would be called to make it, with what, and what it would then be told. Nothing is called.
/// </summary>
internal sealed class PickledObject(string type, object?[] arguments)
{
    /// <summary>Module and name, joined by a dot.</summary>
    public string Type { get; } = type;

    public object?[] Arguments { get; } = arguments;

    public object? State { get; set; }
}
