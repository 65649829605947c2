using ImplicitNet.Files;

namespace ImplicitNet.Models;

/// <summary>
/// The exception that is thrown when a model's configuration cannot be used. The message names the file, the place and what was expected.
/// </summary>
public sealed class ModelFileException : Exception
{
    internal ModelFileException(string path, string problem, Exception? innerException = null)
        : base(OneLine.Of($"{path}: {problem}"), innerException) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }
}
