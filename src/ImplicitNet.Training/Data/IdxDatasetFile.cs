namespace ImplicitNet.Training.Data;

/// <summary>One published file of a data set.</summary>
/// <param name="Name">Its name when unpacked; published with ".gz" behind it.</param>
/// <param name="Md5">MD5 of the packed file, 32 lower-case hexadecimal digits. It tells a damaged file, not a forged one.</param>
public sealed record IdxDatasetFile(string Name, string Md5)
{
    /// <summary>The name under which it is published.</summary>
    public string PackedName => $"{Name}.gz";
}
