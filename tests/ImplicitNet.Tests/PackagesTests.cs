using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ImplicitNet.Tests;

/// <summary>What packages say about versions and addresses, which stand in more than one file; that they work is tried by .ci/packages.</summary>
public sealed partial class PackagesTests
{
    private static readonly string[] Saying =
    [
        .. Markdown.Pages, "templates/implicitnet-layer/ImplicitLayerApp.csproj", "templates/implicitnet-layer/Program.cs",
        "src/ImplicitNet/buildTransitive/Libtorch.targets", "src/ImplicitNet/buildTransitive/Loader.targets", "eng/Libtorch.props", ".ci/packages",
    ];

    private static string Address => Property("Directory.Build.props", "RepositoryUrl");

    [Fact]
    public void The_build_step_knows_the_versions_that_are_used_here()
    {
        Assert.Equal(Version("TorchSharp"), Property("src/ImplicitNet/buildTransitive/Libtorch.targets", "_ImplicitNetTorchSharp"));
        Assert.Equal(Version("libtorch-cpu-linux-x64"), Property("src/ImplicitNet/buildTransitive/Libtorch.targets", "_ImplicitNetLibtorch"));
    }

    [Fact]
    public void Every_file_that_names_a_version_of_libtorch_or_TorchSharp_names_the_one_that_is_used()
    {
        (string File, string Version)[] named =
        [
            .. from file in Saying
               from Match match in Named().Matches(Markdown.Read(file))
               where !match.Value.EndsWith("2.9.0", StringComparison.Ordinal) && !match.Value.EndsWith("2.7.1", StringComparison.Ordinal) // named as wrong ones
               select (file, match.Groups[1].Value),
        ];
        string[] used = [Version("TorchSharp"), Version("libtorch-cpu-linux-x64")];
        Assert.True(named.Length > 15, $"{named.Length} versions are named");
        Assert.All(named, found => Assert.True(used.Contains(found.Version), $"{found.File} names version {found.Version}"));
    }

    [Fact]
    public void Every_address_of_the_repository_is_the_one_that_packages_name_and_leads_to_a_file()
    {
        (string File, string Link)[] links = [.. Saying.SelectMany(file => Link().Matches(Markdown.Read(file)).Select(match => (file, match.Value)))];
        Assert.NotEmpty(links);
        Assert.All(links, link =>
        {
            Assert.StartsWith(Address, link.Link, StringComparison.Ordinal);
            string[] parts = link.Link[Address.Length..].Split('#')[0].Split("/blob/main/");
            Assert.True(parts.Length == 1 || Path.Exists(Path.Combine(SharedData.RepositoryRoot, parts[1])), $"{link.File} links to {link.Link}");
        });
    }

    [Fact]
    public void The_page_of_errors_quotes_what_the_build_says()
    {
        string page = Markdown.Read("docs/errors.md").Replace('\n', ' ');
        (string Code, string Text)[] errors =
        [
            .. XElement.Load(Path.Combine(SharedData.RepositoryRoot, "src/ImplicitNet/buildTransitive/Libtorch.targets")).Descendants("Error")
                .Select(error => (error.Attribute("Code")!.Value, error.Attribute("Text")!.Value)),
        ];
        Assert.Equal(["INN0002", "INN0003"], errors.Select(error => error.Code));
        Assert.All(errors, error =>
        {
            string first = error.Text[..(error.Text.IndexOf(". ", StringComparison.Ordinal) + 1)]
                .Replace("$(_LibtorchPlatform)", "linux-x64", StringComparison.Ordinal)
                .Replace("$(_OtherLibtorch)", "libtorch-cpu-linux-x64/2.7.1", StringComparison.Ordinal)
                .Replace("$(_ImplicitNetTorchSharp)", Version("TorchSharp"), StringComparison.Ordinal)
                .Replace("$(_ImplicitNetLibtorch)", Version("libtorch-cpu-linux-x64"), StringComparison.Ordinal);
            Assert.Contains($"*{first}*", page, StringComparison.Ordinal);
            Assert.Contains($"## {error.Code} ", page, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("src/ImplicitNet")]
    [InlineData("src/ImplicitNet.Files")]
    [InlineData("src/ImplicitNet.Training")]
    [InlineData("src/ImplicitNet.Models")]
    [InlineData("src/ImplicitNet.Reports")]
    [InlineData("src/ImplicitNet.Cli")]
    [InlineData("templates")]
    [InlineData("eng/PackageReadmeEnd.md")]
    public void Links_of_the_page_of_a_package_work_outside_the_repository(string package)
    {
        string page = package.EndsWith(".md", StringComparison.Ordinal) ? package : package + "/README.md";
        Assert.All(Markdown.Links(page), link => Assert.StartsWith("https://", link, StringComparison.Ordinal));
    }

    private static string Property(string file, string name) =>
        XElement.Load(Path.Combine(SharedData.RepositoryRoot, file)).Descendants(name).Single().Value;

    private static string Version(string package) => XElement.Load(Path.Combine(SharedData.RepositoryRoot, "Directory.Packages.props"))
        .Descendants("PackageVersion").Single(item => item.Attribute("Include")!.Value == package).Attribute("Version")!.Value;

    [GeneratedRegex("""(?:libtorch-[\w.-]*?(?:x64|arm64)|TorchSharp)[`"]?(?: --version |@| Version="|/| )(\d+\.\d+\.\d+)""")]
    private static partial Regex Named();

    [GeneratedRegex(@"https://github\.com/implicitnet[^\s)`<>,;]*[^\s)`<>,;.]")]
    private static partial Regex Link();
}
