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
        string message = exception.Message;
        string[] lines = message.Split('\n');
        string first = $"{exception.GetType().Name}: {lines[0]}";
        bool isDocumented =
            exception is ArgumentException or InvalidOperationException or NotSupportedException or FixedPointException or OperationCanceledException;
        string? native = NativeWords.FirstOrDefault(word => message.Contains(word, StringComparison.Ordinal));
        return !isDocumented ? $"undocumented {first}"
            : lines.Length > MostLines || message.Length > MostCharacters ? $"{lines.Length} lines: {first}"
            : native is not null ? $"native words \"{native}\": {first}"
            : null;
    }
}
