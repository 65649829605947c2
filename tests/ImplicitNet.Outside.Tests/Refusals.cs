using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using ImplicitNet.Training;

namespace ImplicitNet.Outside.Tests;

/// <summary>What a caller may meet instead of an answer: a documented exception in a few words of ours.</summary>
internal static class Refusals
{
    private const int MostLines = 3;
    private const int MostCharacters = 1000;

    // Marks of native stacks. The names of native types may stand in a line of ours that quotes a reason.
    private static readonly string[] NativeMarks = ["Exception raised from", "frame #", "libtorch", "THSTensor", "INTERNAL ASSERT"];

    /// <summary>What is wrong with an exception; null where it is a clear refusal.</summary>
    public static string? Objection(Exception exception)
    {
        string message = exception.Message;
        string[] lines = message.Split('\n');
        string first = $"{exception.GetType().Name}: {lines[0]}";
        bool isDocumented =
            exception is ArgumentException or InvalidOperationException or NotSupportedException or FixedPointException or FlowException
                or TrainingDivergedException or OperationCanceledException;
        string? native = NativeMarks.FirstOrDefault(word => message.Contains(word, StringComparison.Ordinal));
        return !isDocumented ? $"undocumented {first}"
            : lines.Length > MostLines || message.Length > MostCharacters ? $"{lines.Length} lines: {first}"
            : native is not null ? $"native mark \"{native}\": {first}"
            : null;
    }
}
