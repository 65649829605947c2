using System.Security.Cryptography;

namespace ImplicitNet.Training.Data;

/// <summary>What a checkpoint knows of batches that come from the memory of a program and have no file to be known by.</summary>
internal sealed record ContentIdentity
{
    public required int BatchSize { get; init; }

    public required long Seed { get; init; }

    /// <summary>Of all that is in the samples.</summary>
    public required string Checksum { get; init; }

    /// <summary>Half of a SHA-256 in hexadecimal digits: enough to tell data apart, short enough for a message.</summary>
    public static string Of(Action<IncrementalHash> content)
    {
        using IncrementalHash checksum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        content(checksum);
        return Convert.ToHexStringLower(checksum.GetHashAndReset().AsSpan(0, 16));
    }
}
