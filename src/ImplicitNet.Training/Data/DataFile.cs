namespace ImplicitNet.Training.Data;

/// <summary>Opens files of data: what keeps one from being read is a <see cref="DataFileException"/> that names it.</summary>
internal static class DataFile
{
    /// <summary>What is read of a file, which is closed afterwards.</summary>
    /// <exception cref="DataFileException">The file is missing, or may not be read.</exception>
    public static T Read<T>(string path, Func<FileStream, T> read)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read);
            return read(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException
            && exception is not DataFileException)
        {
            string fault = exception is FileNotFoundException or DirectoryNotFoundException
                ? "the file does not exist."
                : exception.Message;
            throw new DataFileException(path, null, fault, exception);
        }
    }
}
