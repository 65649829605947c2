namespace ImplicitNet.Tests;

/// <summary>The README's example is the sample that CI compiles and runs.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void The_example_on_the_first_screen_is_the_sample_that_runs()
    {
        string sample = Read("samples", "readme.cs");
        string code = sample[sample.IndexOf("using ", StringComparison.Ordinal)..].Trim();
        Assert.Contains($"```csharp\n{code}\n```", Read("README.md"), StringComparison.Ordinal);
        Assert.Equal(12, code.Split('\n').Count(line => line.Length > 0));
    }

    [Fact]
    public void Every_link_into_the_repository_leads_somewhere()
    {
        foreach (string page in new[] { "README.md", "CONTRIBUTING.md", "CHANGELOG.md" }.Concat(
            Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "docs"), "*.md").Select(path => Path.Combine("docs", Path.GetFileName(path)))))
        {
            string folder = Path.GetDirectoryName(Path.Combine(SharedData.RepositoryRoot, page))!;
            foreach (string link in Read(page).Split("](").Skip(1).Select(rest => rest[..rest.IndexOf(')', StringComparison.Ordinal)]))
            {
                string target = link.Split('#')[0];
                Assert.True(
                    link.StartsWith("http", StringComparison.Ordinal) || target.Length == 0 || Path.Exists(Path.Combine(folder, target)),
                    $"{page} links to {link}");
            }
        }
    }

    private static string Read(params string[] parts) =>
        File.ReadAllText(Path.Combine([SharedData.RepositoryRoot, .. parts])).ReplaceLineEndings("\n");
}
