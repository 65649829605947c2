using ImplicitNet.Files;

namespace ImplicitNet.Training.Data;

/// <summary>
/// The exception that is thrown when a data file is missing, damaged, or not what its name says. The message is one line that names the
/// file.
/// </summary>
/// <remarks>Every reader of this namespace throws this type, and no other, for a fault of the file.</remarks>
public sealed class DataFileException : IOException
{
    /// <summary>Describes a fault of one file, or of one folder that should hold files.</summary>
    /// <param name="path">The file or folder at fault, as the caller named it.</param>
    /// <param name="offset">
    /// The byte at which the fault shows, counted from 0 in the unpacked data; null where the fault has no place.
    /// </param>
    /// <param name="fault">What was found and what was expected, in one sentence.</param>
    /// <param name="innerException">The cause, where there is one.</param>
    public DataFileException(string path, long? offset, string fault, Exception? innerException = null)
        : base(OneLine.Of(offset is null ? $"{path}: {fault}" : $"{path}, byte {offset}: {fault}"), innerException)
    {
        Path = path;
        Offset = offset;
    }

    /// <summary>The file or folder at fault.</summary>
    public string Path { get; }

    /// <summary>The byte at which the fault shows, counted from 0 in the unpacked data; null where the fault has no place.</summary>
    public long? Offset { get; }
}
