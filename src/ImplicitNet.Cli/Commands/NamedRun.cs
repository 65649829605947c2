using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Commands;

/// <summary>One run of a series.</summary>
/// <param name="Name">What the series calls its kind: several seeds have one name.</param>
/// <param name="Settings">What it is started with.</param>
/// <param name="Folder">Where it is kept.</param>
internal sealed record NamedRun(string Name, RunSettings Settings, string Folder)
{
    /// <summary>The file that says that it is complete.</summary>
    public string Result => Path.Combine(Folder, "result.json");

    /// <summary>The file of its epochs.</summary>
    public string History => Path.Combine(Folder, "history.jsonl");

    /// <summary>A run in a folder that is named by its kind and seed.</summary>
    public static NamedRun In(string parent, string name, RunSettings settings) =>
        new(name, settings, Path.Combine(parent, FormattableString.Invariant($"{name.Replace(':', '-')}-seed{settings.Seed}")));
}
