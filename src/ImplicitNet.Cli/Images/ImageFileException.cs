using ImplicitNet.Files;

namespace ImplicitNet.Cli.Images;

/// <summary>An image file that cannot be read: the message says in one line which file and why.</summary>
internal sealed class ImageFileException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file, as the caller named it.</param>
    /// <param name="problem">What is wrong with it, and what was expected.</param>
    /// <param name="innerException">The failure underneath, if there is one.</param>
    public ImageFileException(string path, string problem, Exception? innerException = null)
        : base(OneLine.Of($"{path}: {problem}"), innerException) => (Path, Problem) = (path, OneLine.Of(problem));

    /// <summary>The file, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>What is wrong with it, without its name.</summary>
    public string Problem { get; }
}
