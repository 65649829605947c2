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
        .. Directory.EnumerateDirectories(Path.Combine(SharedData.RepositoryRoot, "src")).Select(path => Path.Combine("src", Path.GetFileName(path), "README.md")).Order(),
        "templates/README.md", "eng/PackageReadmeEnd.md",
    ];

    public static string Read(params string[] parts) =>
        File.ReadAllText(Path.Combine([SharedData.RepositoryRoot, .. parts])).ReplaceLineEndings("\n");

    /// <summary>What stands between the fences of a language, in order.</summary>
    public static IReadOnlyList<string> Blocks(string page, string language) =>
        [.. Fence().Matches(Read(page)).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value)];

    /// <summary>The C# of a page, in order.</summary>
    public static IEnumerable<CodeBlock> CSharp(string page)
    {
        string text = Read(page);
        Match[] fences = [.. Fence().Matches(text).Cast<Match>()];
        foreach ((int index, Match fence) in fences.Index().Where(block => block.Item.Groups[1].Value == "csharp"))
        {
            Match? next = fences.ElementAtOrDefault(index + 1);
            bool states = next is { } below && below.Groups[1].Length == 0 && string.IsNullOrWhiteSpace(text[(fence.Index + fence.Length)..below.Index]);
            int line = text[..fence.Groups[2].Index].Count(character => character == '\n') + 1;
            yield return new(page, line, fence.Groups[2].Value, states ? next!.Groups[2].Value : null);
        }
    }

    /// <summary>The languages of a page's code blocks, indented ones too.</summary>
    public static IEnumerable<string> Languages(string page) =>
        Read(page).Split('\n').Select(line => line.TrimStart()).Where(line => line.StartsWith("```", StringComparison.Ordinal)).Select(line => line[3..]);

    /// <summary>Where a page's links and pictures lead.</summary>
    public static IEnumerable<string> Links(string page) => Link().Matches(Prose(page)).Select(match => match.Groups[1].Value);

    /// <summary>The anchors of a page's headings, as GitHub and the site make them.</summary>
    public static IReadOnlySet<string> Anchors(string page) =>
        Heading().Matches(Prose(page)).Select(match => NoWord().Replace(match.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-')).ToHashSet();

    /// <summary>The options in a page's text, but those of dotnet and of BenchmarkDotNet.</summary>
    public static IEnumerable<string> Options(string page) => Span().Matches(Prose(page)).Select(match => match.Groups[1].Value)
        .Where(span => !span.StartsWith("dotnet", StringComparison.Ordinal) && !span.StartsWith("pieces ", StringComparison.Ordinal))
        .SelectMany(span => Option().Matches(span).Select(match => match.Value));

    private static string Prose(string page) => Fence().Replace(Read(page), "");

    /// <summary>The commands of a page's shell blocks, without comments, a line that goes on behind a backslash as one.</summary>
    public static IReadOnlyList<string> Commands(string page) =>
    [
        .. Blocks(page, "sh").SelectMany(block => block.Replace("\\\n", "", StringComparison.Ordinal).Split('\n'))
            .Select(line => Comment().Replace(line, "").Trim())
            .Where(line => line.Length > 0),
    ];

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoWord();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Span();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*")]
    private static partial Regex Option();

    [GeneratedRegex(@"(^|\s+)#.*$")]
    private static partial Regex Comment();
}
