using System.Text;
using ImplicitNet.Models;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Images;
using ImplicitNet.Training.Weights;

namespace ImplicitNet.Cli;

/// <summary>What is said about an exception: one line and an exit code.</summary>
internal static class FailureMessage
{
    /// <summary>Set to anything, it adds the stack trace.</summary>
    public const string DebugVariable = "IMPLICITNET_DEBUG";

    public static int Report(Exception exception, TextWriter error)
    {
        (string line, int code) = Of(exception);
        error.WriteLine(OneLine(line));
        if (Environment.GetEnvironmentVariable(DebugVariable) is { Length: > 0 })
        {
            error.WriteLine(exception);
        }

        return code;
    }

    private static (string Line, int Code) Of(Exception exception) => exception switch
    {
        CommandException command => ($"error: {command.Message}", command.ExitCode),
        OperationCanceledException => ("interrupted.", ExitCodes.Interrupted),
        WeightsFileException or ModelFileException or ImageFileException or TrainingDivergedException or FixedPointException
            or IOException or InvalidDataException or UnauthorizedAccessException => ($"error: {exception.Message}", ExitCodes.Failure),
        OutOfMemoryException => ("error: there is not enough memory; a smaller --batch needs less.", ExitCodes.Failure),
        _ => ($"internal error: {exception.GetType().Name}: {exception.Message} Please report this, with the output of the same command under {DebugVariable}=1.", ExitCodes.InternalError),
    };

    private static string OneLine(string text)
    {
        StringBuilder line = new(text.Length);
        foreach (char letter in text.ReplaceLineEndings(" "))
        {
            line.Append(char.IsControl(letter) ? ' ' : letter);
        }

        return line.ToString();
    }
}
