namespace ImplicitNet.Tests;

/// <summary>Files are short: a reader keeps one in mind.</summary>
public sealed class FileBudgetTests
{
    private const int MostLines = 400;
    private const int MostColumns = 140;

    [Fact]
    public void No_file_has_more_than_400_lines()
    {
        (string Path, int Lines)[] files = [.. Files("src", "tests", "benchmarks", "samples").Select(path => (path, File.ReadLines(path).Count()))];
        Assert.DoesNotContain(files, file => file.Lines > MostLines);
        Assert.True(files.Length > 500, $"{files.Length} files");
    }

    [Fact]
    public void Half_of_the_files_have_80_lines_at_most_and_nine_tenths_200()
    {
        int[] lengths = [.. Files("src").Select(path => File.ReadLines(path).Count()).Order()];
        Assert.InRange(lengths[lengths.Length / 2], 1, 80);
        Assert.InRange(lengths[lengths.Length * 9 / 10], 1, 200);
    }

    [Fact]
    public void No_line_of_the_sources_is_wider_than_140_columns()
    {
        string[] wide =
        [
            .. Files("src", "benchmarks").SelectMany(path => File.ReadLines(path)
                .Where(line => line.Length > MostColumns).Select(line => $"{path}: {line}")),
        ];
        Assert.Empty(wide);
    }

    internal static IEnumerable<string> Files(params string[] folders) => folders.SelectMany(folder => Directory.EnumerateFiles(
        Path.Combine(SharedData.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories))
        .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin" or "artifacts"));
}
