using System.Xml.Linq;

namespace ImplicitNet.Tests;

/// <summary>What each library stands on: who takes one takes no more than it needs.</summary>
public sealed class ProjectsTests
{
    // What a build takes and nobody who refers to the library.
    private static readonly string[] Build = ["MinVer", "Microsoft.CodeAnalysis.BannedApiAnalyzers"];
    private static readonly string[] Drawing = ["SkiaSharp", "ScottPlot", "HarfBuzz"];

    public static TheoryData<string, string, string> Libraries => new()
    {
        { "ImplicitNet", "", "TorchSharp" },
        { "ImplicitNet.Files", "", "System.IO.Hashing, TorchSharp" },
        { "ImplicitNet.Models", "ImplicitNet, ImplicitNet.Files", "System.IO.Hashing, TorchSharp" },
        { "ImplicitNet.Training", "ImplicitNet, ImplicitNet.Files", "System.IO.Hashing, TorchSharp" },
    };

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_stands_on_what_it_needs_and_on_nothing_that_draws(string library, string expected, string expectedPackages)
    {
        HashSet<string> below = [];
        HashSet<string> packages = [];
        Collect(library, below, packages);
        Assert.Equal(expected, string.Join(", ", below.Order(StringComparer.Ordinal)));
        Assert.DoesNotContain(packages, package => Drawing.Any(name => package.StartsWith(name, StringComparison.Ordinal)));
        Assert.Equal(expectedPackages, string.Join(", ", packages.Except(Build).Order(StringComparer.Ordinal)));
    }

    /// <summary>So that the test above looks at what is there.</summary>
    [Fact]
    public void The_reports_draw()
    {
        HashSet<string> packages = [];
        Collect("ImplicitNet.Reports", [], packages);
        Assert.Superset(new HashSet<string>(["SkiaSharp"]), packages);
    }

    private static void Collect(string project, HashSet<string> below, HashSet<string> packages)
    {
        XElement file = XElement.Load(Path.Combine(SharedData.RepositoryRoot, "src", project, project + ".csproj"));
        packages.UnionWith(Names(file, "PackageReference"));
        foreach (string used in Names(file, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)))
        {
            below.Add(used);
            Collect(used, below, packages);
        }
    }

    private static IEnumerable<string> Names(XElement file, string kind) => file.Descendants(kind).Select(item => item.Attribute("Include")!.Value);
}
