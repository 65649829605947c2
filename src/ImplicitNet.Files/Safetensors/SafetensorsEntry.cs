using TorchSharp;

namespace ImplicitNet.Files.Safetensors;

/// <summary>What a safetensors header says about one tensor.</summary>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The sizes; empty for a single number.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">One past the last byte, counted from the end of the header.</param>
public sealed record SafetensorsEntry(torch.ScalarType Type, IReadOnlyList<long> Shape, long Begin, long End);
