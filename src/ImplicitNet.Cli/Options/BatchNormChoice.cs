namespace ImplicitNet.Cli.Options;

/// <summary>Whose statistics batch normalisation has where several ranks train, by name.</summary>
internal static class BatchNormChoice
{
    /// <summary>Those of the whole batch.</summary>
    public const string Synchronised = "synchronised";

    /// <summary>Those of each rank's share.</summary>
    public const string Local = "local";

    public static IReadOnlyList<string> Names { get; } = [Synchronised, Local];
}
