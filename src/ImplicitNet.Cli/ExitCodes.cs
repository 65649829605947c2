namespace ImplicitNet.Cli;

/// <summary>What the process returns to its caller.</summary>
internal static class ExitCodes
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>A file, a folder, standard output or the mathematics is at fault; one line on standard error says how.</summary>
    public const int Failure = 1;

    /// <summary>The command line cannot be understood, or an option's value is out of range.</summary>
    public const int Usage = 2;

    /// <summary>A defect of this program (EX_SOFTWARE of BSD's sysexits.h).</summary>
    public const int InternalError = 70;

    /// <summary>Ended by Ctrl-C, SIGTERM or SIGHUP (128 + SIGINT, as shells count).</summary>
    public const int Interrupted = 130;

    /// <summary>The codes as help shows them.</summary>
    /// <param name="doesTrain">Whether the command trains, and leaves a checkpoint where it is interrupted.</param>
    public static IReadOnlyList<(int Code, string Meaning)> All(bool doesTrain) =>
    [
        (Success, "success"),
        (Failure, "bad input or failure; one line on standard error says what"),
        (Usage, "the command line is at fault"),
        (InternalError, "internal error"),
        (Interrupted, doesTrain ? "interrupted; the training has written a checkpoint" : "interrupted"),
    ];
}
