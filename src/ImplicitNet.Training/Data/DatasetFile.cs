namespace ImplicitNet.Training.Data;

/// <summary>One published file of a data set.</summary>
/// <param name="Name">The name under which it is published.</param>
/// <param name="Md5">
/// Its MD5, 32 lower-case hexadecimal digits. It reveals a damaged file, not a forged one: see <see cref="Sha256"/>.
/// </param>
public sealed record DatasetFile(string Name, string Md5)
{
    /// <summary>
    /// Its SHA-256, 64 lower-case hexadecimal digits; default null. If it is known it is checked in place of the MD5, and reveals a forged
    /// file too.
    /// </summary>
    public string? Sha256 { get; init; }

    /// <summary>The checksum that is checked: the better one that is known.</summary>
    internal string Checksum => Sha256 ?? Md5;

    /// <summary>A download that exceeds this is not the file; in bytes, at least 1, default 2^26.</summary>
    public int MaximumBytes
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaximumBytes), value, "MaximumBytes must be at least 1.");
    } = 1 << 26;
}
