using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Tests;

/// <summary>
/// A project in another folder that refers to the library's project, as the README says: it builds, its native library loads, and all C# of the pages
/// compiles and runs in it.
/// </summary>
public sealed class OutsideProjectTests
{
    private const string Reference = "../implicitnet/src/ImplicitNet/ImplicitNet.csproj";

    // Those of pages that say "using", and what goes without saying behind the example.
    private static readonly string[] Namespaces =
    [
        "ImplicitNet.Certification", "ImplicitNet.Gradients", "ImplicitNet.Networks", "ImplicitNet.Operators", "ImplicitNet.Solvers",
        "ImplicitNet.Training", "ImplicitNet.Training.Data", "ImplicitNet.Training.Evaluation", "ImplicitNet.Training.Tasks", "TorchSharp",
    ];

    // What the page about training takes for granted.
    private const string Model = """
        using nn.Module<Tensor, Tensor> model = nn.Sequential(
            nn.Linear(2, 8), new ImplicitLayer(new ContractionOperator(new BoundedLinear(8, 8), gamma: 0.9)), nn.Linear(8, 1));
        Tensor x = randn(100, 2), y = x.sum([1]);
        BatchSource source = BatchSource.From(x, y);
        using Batch batch = source.First(10);
        Regression task = new();

        """;

    [Fact]
    public void A_project_outside_the_repository_runs_the_code_of_the_pages()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "the README's package is for Linux on x64");
        string readme = Markdown.Read("README.md");
        string lines = Markdown.Blocks("README.md", "xml").Single();
        Assert.Contains(Reference, lines, StringComparison.Ordinal);
        IReadOnlyList<string> blocks = Markdown.Blocks("README.md", "csharp");
        Assert.Equal(5, blocks.Count);
        using TemporaryFolder folder = new();

        // As dotnet new console makes it, but for the lines of the README.
        File.WriteAllText(folder["outside.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
            {lines.Replace(Reference, Path.Combine(SharedData.RepositoryRoot, "src", "ImplicitNet", "ImplicitNet.csproj"), StringComparison.Ordinal)}
              <ItemGroup>
                <ProjectReference Include="{Path.Combine(SharedData.RepositoryRoot, "src", "ImplicitNet.Training", "ImplicitNet.Training.csproj")}" />
              </ItemGroup>
            </Project>
            """);
        string[] more = [.. blocks.Skip(1), .. Markdown.Blocks("docs/choosing-a-solver.md", "csharp"), .. Markdown.Blocks("docs/choosing-a-gradient.md", "csharp")];

        // Statements in a block of their own; types after all statements.
        ILookup<bool, string> isType = more.ToLookup(block => block.StartsWith("sealed record ", StringComparison.Ordinal));
        string[] training = [.. Markdown.Blocks("docs/training.md", "csharp"), .. Markdown.Blocks("docs/your-own-operator.md", "csharp")];
        ILookup<bool, string> isTask = training.ToLookup(block => block.StartsWith("sealed ", StringComparison.Ordinal));
        string code = blocks[0]
            + string.Concat(isType[false].Select(block => $"{{\n{block}}}\n"))
            + Model + string.Concat(isTask[false].Select(block => $"{{\n{block}}}\n"))
            + string.Concat(isType[true]) + string.Concat(isTask[true]);
        File.WriteAllText(folder["Program.cs"], string.Concat(Namespaces.Where(name => !code.Contains($"using {name};", StringComparison.Ordinal)).Select(name => $"using {name};\n")) + code);

        (int exit, string output) = Run(folder.Path);
        Assert.True(exit == 0, output);
        string expected = readme.Split("```\nAll 8 samples")[1].Split("```")[0];
        Assert.StartsWith("All 8 samples" + expected, output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder.Path, "bin", "Release", "net10.0", "cpu")), "TorchSharp looked for libtorch elsewhere");
    }

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
