using System.Text.RegularExpressions;

namespace ImplicitNet.Tests;

/// <summary>The pages of the repository and the code in them.</summary>
internal static partial class Markdown
{
    /// <summary>Every page, from the repository's folder.</summary>
    public static IReadOnlyList<string> Pages { get; } =
    [
        "README.md", "CONTRIBUTING.md", "CHANGELOG.md",
        .. Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "docs"), "*.md").Select(path => Path.Combine("docs", Path.GetFileName(path))).Order(),
    ];

    public static string Read(params string[] parts) =>
        File.ReadAllText(Path.Combine([SharedData.RepositoryRoot, .. parts])).ReplaceLineEndings("\n");

    /// <summary>What stands between the fences of a language, in order.</summary>
    public static IReadOnlyList<string> Blocks(string page, string language) =>
        [.. Fence().Matches(Read(page)).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value)];

    /// <summary>The commands of a page's shell blocks, without comments, a line that goes on behind a backslash as one.</summary>
    public static IReadOnlyList<string> Commands(string page) =>
    [
        .. Blocks(page, "sh").SelectMany(block => block.Replace("\\\n", "", StringComparison.Ordinal).Split('\n'))
            .Select(line => Comment().Replace(line, "").Trim())
            .Where(line => line.Length > 0),
    ];

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"(^|\s+)#.*$")]
    private static partial Regex Comment();
}
