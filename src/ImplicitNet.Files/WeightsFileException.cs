namespace ImplicitNet.Files;

/// <summary>
/// The exception that is thrown when a weights file cannot be read. The message says in one line which file, where in it, and what was
/// expected.
/// </summary>
public sealed class WeightsFileException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file, as the caller named it.</param>
    /// <param name="problem">Where in the file, and what was expected there.</param>
    /// <param name="innerException">The failure underneath, if there is one.</param>
    public WeightsFileException(string path, string problem, Exception? innerException = null)
        : base(OneLine.Of($"{path}: {problem}"), innerException) => Path = path;

    /// <summary>The file, as the caller named it.</summary>
    public string Path { get; }
}
