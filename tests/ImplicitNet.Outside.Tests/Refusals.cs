using ImplicitNet.Solvers;

namespace ImplicitNet.Outside.Tests;

/// <summary>What a caller may meet instead of an answer: a documented exception in a few words of ours.</summary>
internal static class Refusals
{
    private const int MostLines = 3;
    private const int MostCharacters = 1000;

    // The words of the native library and of its stacks.
    private static readonly string[] NativeWords =
        ["Exception raised from", "frame #", "c10::", "at::", "torch::", "libtorch", ".so", "THSTensor", "INTERNAL ASSERT", "0x0"];

    /// <summary>What is wrong with an exception; null where it is a clear refusal.</summary>
    public static string? Objection(Exception exception)
    {
        string first = $"{exception.GetType().Name}: {exception.Message.Split('\n')[0]}";
        return exception is not (ArgumentException or InvalidOperationException or NotSupportedException or FixedPointException or OperationCanceledException)
            ? $"undocumented {first}"
            : exception.Message.Split('\n').Length > MostLines || exception.Message.Length > MostCharacters ? $"{exception.Message.Split('\n').Length} lines: {first}"
            : NativeWords.FirstOrDefault(word => exception.Message.Contains(word, StringComparison.Ordinal)) is { } native ? $"native words \"{native}\": {first}"
            : null;
    }
}
