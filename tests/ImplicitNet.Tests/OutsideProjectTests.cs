using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Tests;

/// <summary>
/// A project in another folder that refers to the library's project, as the README says: it builds, its native library loads, and all C# of the pages
/// compiles and runs in it.
/// </summary>
public sealed class OutsideProjectTests
{
    private const string Clone = "../implicitnet/";

    [Fact]
    public void A_project_outside_the_repository_runs_the_code_of_the_pages()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "the README's package is for Linux on x64");
        string lines = Markdown.Blocks("README.md", "xml").Single();
        Assert.Equal(2, lines.Split(Clone).Length - 1);
        using TemporaryFolder folder = new();

        // As dotnet new console makes it, but for the lines of the README, and what other pages need beside.
        File.WriteAllText(folder["outside.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
            {lines.Replace(Clone, SharedData.RepositoryRoot + "/", StringComparison.Ordinal)}
              <ItemGroup>
                <ProjectReference Include="{Source("ImplicitNet.Models")}" />
                <ProjectReference Include="{Source("ImplicitNet.Reports")}" />
                <ProjectReference Include="{Source("ImplicitNet.Training")}" />
                <PackageReference Include="BenchmarkDotNet" Version="0.15.8" ExcludeAssets="build;buildTransitive;native;runtimes" />
              </ItemGroup>
            </Project>
            """);
        PagesProgram.Write(folder.Path);

        (int exit, string output) = Run(folder.Path);
        Assert.True(exit == 0, output);
        IReadOnlyDictionary<int, string> printed = PagesProgram.Printed(output);
        Assert.All(PagesProgram.Blocks.Index().Where(block => block.Item.Output is not null), block =>
            Assert.Equal($"{block.Item.Page}, line {block.Item.Line}:\n{block.Item.Output}", $"{block.Item.Page}, line {block.Item.Line}:\n{printed[block.Index]}"));
        Assert.False(Directory.Exists(Path.Combine(folder.Path, "bin", "Release", "net10.0", "cpu")), "TorchSharp looked for libtorch elsewhere");
    }

    [Fact]
    public void Every_block_of_a_page_says_what_it_is_and_all_CSharp_is_found()
    {
        string[] languages = ["", "csharp", "sh", "xml", "json", "text"];
        Assert.All(Markdown.Pages, page => Assert.All(Markdown.Languages(page), language => Assert.Contains(language, languages)));
        Assert.All(Markdown.Pages, page => Assert.Equal(Markdown.Languages(page).Count(language => language == "csharp"), Markdown.CSharp(page).Count()));
        Assert.NotNull(PagesProgram.Blocks[0].Output);

        // What the site shows without scrolling.
        Assert.All(PagesProgram.Blocks.Where(block => block.Page.StartsWith("docs", StringComparison.Ordinal)), block =>
            Assert.All(block.Code.Split('\n'), line => Assert.True(line.Length <= 80, $"{block.Page}: {line}")));
        Assert.True(PagesProgram.Blocks.Count > 15, $"{PagesProgram.Blocks.Count} blocks");
    }

    private static string Source(string project) => Path.Combine(SharedData.RepositoryRoot, "src", project, project + ".csproj");

    /// <summary>With a compiler of its own that ends with it, and none of the variables of a test run.</summary>
    private static (int Exit, string Output) Run(string folder)
    {
        ProcessStartInfo start = new("dotnet", ["run", "-c", "Release"]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd().ReplaceLineEndings("\n");
        process.WaitForExit();
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }
}
