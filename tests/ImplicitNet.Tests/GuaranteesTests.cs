using System.Reflection;
using System.Text.RegularExpressions;

namespace ImplicitNet.Tests;

/// <summary>The tests that docs/guarantees.md names are there.</summary>
public sealed partial class GuaranteesTests
{
    [Fact]
    public void Every_test_that_holds_a_promise_is_there()
    {
        HashSet<string> tests = [.. Tests()];
        string[] named = [.. Named()];
        Assert.DoesNotContain(named, name => !tests.Contains(name));
        Assert.True(named.Length > 30, $"{named.Length} tests are named");
    }

    [Fact]
    public void Every_promise_names_a_test()
    {
        string[] rows = [.. Rows()];
        Assert.DoesNotContain(rows, row => !CodeSpan().IsMatch(HeldBy(row)));
        Assert.True(rows.Length > 20, $"{rows.Length} promises");
    }

    /// <summary>Class.Method of every test of this assembly, and of the one that sees the public surface only, by its source.</summary>
    private static IEnumerable<string> Tests() => typeof(GuaranteesTests).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods())
        .Where(method => method.GetCustomAttributes<FactAttribute>().Any())
        .Select(method => $"{method.DeclaringType!.Name}.{method.Name}")
        .Concat(Sources("ImplicitNet.Outside.Tests"));

    private static IEnumerable<string> Sources(string project)
    {
        string folder = Path.Combine(SharedData.RepositoryRoot, "tests", project);
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
                .SelectMany(path => TestMethod().Matches(File.ReadAllText(path)).Select(match => $"{Path.GetFileNameWithoutExtension(path)}.{match.Groups[1].Value}"))
            : [];
    }

    private static IEnumerable<string> Named() =>
        Rows().SelectMany(row => CodeSpan().Matches(HeldBy(row)).Select(match => match.Groups[1].Value)).Distinct();

    /// <summary>The last cell: all code in it is names of tests, and one that is misspelled is none.</summary>
    private static string HeldBy(string row) => row.TrimEnd('|').Split('|')[^1];

    /// <summary>The rows of all tables that have a column "held by".</summary>
    private static IEnumerable<string> Rows() => Markdown.Read("docs", "guarantees.md").Split("\n\n")
        .Where(part => part.StartsWith("| promise | held by |", StringComparison.Ordinal))
        .SelectMany(part => part.Split('\n').Skip(2).Where(line => line.Length > 0));

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\[(?:Fact|Theory)[^\]]*\](?:\s*\[[^\n]*\])*\s*public (?:async )?\w+ (\w+)\(")]
    private static partial Regex TestMethod();
}
