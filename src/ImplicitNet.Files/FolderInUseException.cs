using System.Globalization;

namespace ImplicitNet.Files;

/// <summary>A folder that another process writes to.</summary>
/// <param name="folder">The folder, as its user names it.</param>
/// <param name="process">The other's number; null where it is not known.</param>
internal sealed class FolderInUseException(string folder, int? process)
    : IOException(
        $"{folder} is in use by "
    + $"{(process is { } number ? $"process {number.ToString(CultureInfo.InvariantCulture)}" : "another process")}.");
