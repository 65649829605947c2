using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace ImplicitNet.Differentiation;

/// <summary>What torch says of an error, in one line: without the frames of the native stack and the traceback that come with it.</summary>
internal static partial class TorchMessage
{
    // Some messages print whole tensors.
    private const int Longest = 400;

    /// <summary>The line of a message.</summary>
    /// <param name="message">As torch gave it, or anything else.</param>
    public static string InOneLine(string message)
    {
        string text = message;
        int stack = Stack().Match(text) is { Success: true } match ? match.Index : text.Length;
        text = text[..stack];
        int traceback = text.LastIndexOf("Error: ", StringComparison.Ordinal);
        if (traceback >= 0 && text.Contains("TorchScript interpreter", StringComparison.Ordinal))
        {
            text = text[(traceback + "Error: ".Length)..];
        }

        text = White().Replace(text, " ").Trim();
        return text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), " ...");
    }

    /// <summary>Makes a call of the public surface: what torch refuses in it, and no check has foreseen, comes out in one line.</summary>
    /// <exception cref="InvalidOperationException">Torch refused.</exception>
    public static T Guarded<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (ExternalException exception)
        {
            throw new InvalidOperationException($"Torch refuses: {InOneLine(exception.Message)}");
        }
    }

    [GeneratedRegex(@"Exception raised from |\bframe #\d+")]
    private static partial Regex Stack();

    [GeneratedRegex(@"\s+")]
    private static partial Regex White();
}
