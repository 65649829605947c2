namespace ImplicitNet.Cli;

/// <summary>A command cannot be carried out, for a reason that its user can mend. The message is one line.</summary>
internal sealed class CommandException(string message, int exitCode = ExitCodes.Failure, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>What the process returns.</summary>
    public int ExitCode { get; } = exitCode;
}
