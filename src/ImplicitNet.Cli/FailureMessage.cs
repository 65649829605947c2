using System.Text.RegularExpressions;
using ImplicitNet.Cli.Images;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Cli;

/// <summary>What is said about an exception: one line and an exit code.</summary>
internal static partial class FailureMessage
{
    /// <summary>Set to anything, it adds the stack trace.</summary>
    public const string DebugVariable = "IMPLICITNET_DEBUG";

    public static int Report(Exception exception, TextWriter error)
    {
        (string line, int code) = Of(exception);
        error.WriteLine(OneLine(Ranks.Prefix + line));
        if (Environment.GetEnvironmentVariable(DebugVariable) is { Length: > 0 })
        {
            foreach (string part in exception.ToString().ReplaceLineEndings("\n").Split('\n'))
            {
                error.WriteLine(VisibleText.Of(part));
            }
        }

        return code;
    }

    /// <summary>What is said when standard output failed, whatever else the command did.</summary>
    /// <param name="loss">How.</param>
    /// <param name="code">What the command would return.</param>
    /// <param name="error">Standard error.</param>
    public static int ReportLoss(string loss, int code, TextWriter error)
    {
        string saved = code == ExitCodes.Interrupted ? " The training was stopped and its checkpoint written; train --resume goes on." : "";
        error.WriteLine($"error: standard output {loss}.{saved}");
        return code is ExitCodes.Success or ExitCodes.Interrupted ? ExitCodes.Failure : code;
    }

    private static (string Line, int Code) Of(Exception exception) => exception switch
    {
        CommandException command => ($"error: {command.Message}", command.ExitCode),
        OperationCanceledException => ("interrupted.", ExitCodes.Interrupted),
        WeightsFileException or ModelFileException or ImageFileException or TrainingDivergedException or FixedPointException
            or InvalidDataException or CollectiveException => ($"error: {exception.Message}", ExitCodes.Failure),

        // The system names the temporary file in which a new content grows; people know the file that it is for.
        IOException or UnauthorizedAccessException => ($"error: {TemporaryName().Replace(exception.Message, "$1")}", ExitCodes.Failure),
        OutOfMemoryException => ("error: there is not enough memory; a smaller --batch needs less.", ExitCodes.Failure),
        _ => ($"internal error: {exception.GetType().Name}: {exception.Message} Please report this, "
            + $"with the output of the same command under {DebugVariable}=1.", ExitCodes.InternalError),
    };

    // Messages of the system and of libtorch have several lines.
    private static string OneLine(string text) => VisibleText.Of(text.ReplaceLineEndings(" "));

    [GeneratedRegex(@"(?<=[\\/])\.([^\\/]+)\.[0-9a-f]{16}\.tmp")]
    private static partial Regex TemporaryName();
}
