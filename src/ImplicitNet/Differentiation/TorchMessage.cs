using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace ImplicitNet.Differentiation;

/// <summary>
/// What torch says of an error, in one line: without the frames of the native stack and the traceback that come with it. The one place
/// that catches what torch throws.
/// </summary>
internal static partial class TorchMessage
{
    // Some of its modules look at shapes before the native library does.
    private const string Torch = "TorchSharp";

    // Some messages print whole tensors.
    private const int Longest = 400;

    /// <summary>Makes a call of the public surface: what torch refuses in it, and no check has foreseen, comes out in one line.</summary>
    /// <exception cref="InvalidOperationException">Torch refused.</exception>
    public static T Guarded<T>(Func<T> call) => Guarded(call, static call => call(), static (_, said) => Refused(said));

    /// <summary>Makes a call, and lets the caller say what torch has refused. Allocates nothing where both functions are static.</summary>
    /// <param name="given">What both functions are given.</param>
    /// <param name="call">The call.</param>
    /// <param name="refusal">What to throw for torch's line.</param>
    public static T Guarded<TGiven, T>(TGiven given, Func<TGiven, T> call, Func<TGiven, string, Exception> refusal)
    {
        try
        {
            return call(given);
        }
        catch (Exception exception) when (exception is ExternalException or ArgumentException { Source: Torch })
        {
            throw refusal(given, InOneLine(exception.Message));
        }
    }

    /// <summary>A failure as a caller is told of it: one of torch in one line, any other as it is.</summary>
    public static Exception Told(Exception failure) => failure is ExternalException ? Refused(InOneLine(failure.Message)) : failure;

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

        text = White().Replace(text.Replace("c10::", "", StringComparison.Ordinal), " ").Trim();
        return text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), " ...");
    }

    private static InvalidOperationException Refused(string said) => new($"Torch refuses: {said}");

    [GeneratedRegex(@"Exception raised from |\bframe #\d+")]
    private static partial Regex Stack();

    [GeneratedRegex(@"\s+")]
    private static partial Regex White();
}
