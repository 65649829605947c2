namespace ImplicitNet.Files.PyTorch;

/// <summary>A storage as the pickle announces it: a record of the archive that one or more tensors are views of.</summary>
/// <param name="Key">Name of the record below data/.</param>
/// <param name="Type">Of its elements.</param>
/// <param name="Elements">How many; at least 0.</param>
/// <param name="IsTyped">False for bytes whose type the tensor tells.</param>
internal sealed record StorageRecord(string Key, ElementType Type, long Elements, bool IsTyped);
