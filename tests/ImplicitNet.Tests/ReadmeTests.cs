using System.CommandLine;
using System.Text.RegularExpressions;
using ImplicitNet.Benchmarks;
using ImplicitNet.Cli;
using ImplicitNet.Tests.Cli;

namespace ImplicitNet.Tests;

/// <summary>
/// What the pages say to run is there and understood. The C# of the pages is compiled and run by <see cref="OutsideProjectTests"/>, the README's example
/// as a sample of its own, too; that commands do what they say is held by their own tests.
/// </summary>
public sealed partial class ReadmeTests
{
    private const string Launcher = "dotnet run -c Release --project src/ImplicitNet.Cli --";
    private const string Benchmarks = "dotnet run -c Release --project benchmarks/ImplicitNet.Benchmarks --";

    private static readonly string[] Packages = ["ImplicitNet", "ImplicitNet.Files", "ImplicitNet.Training", "ImplicitNet.Models", "ImplicitNet.Reports"];

    // Tried by .ci/run itself, by hand, and by .ci/long.
    private static readonly string[] Others =
    [
        "dotnet test -c Release", "dotnet build -c Release", "bash .ci/run", "bash .ci/long",
        "dotnet pack -c Release --output artifacts/packages", "dotnet nuget add source \"$PWD/artifacts/packages\" --name implicitnet",
        "dotnet new console --output first", "cd first", "dotnet run",
        "dotnet add package libtorch-cpu-linux-x64 --version 2.10.0", .. Packages.Select(name => $"dotnet add package {name} --prerelease"),
        "dotnet tool install --global ImplicitNet.Tool --prerelease",
        "dotnet new install ImplicitNet.Templates", "dotnet new implicitnet-layer --name Waves", "cd Waves",
        "/usr/bin/python3 benchmarks/scipy/problems.py",

        // Of scripts that Slurm runs, tried by hand.
        "code=$?", "exit $code", "[ $code -ne 130 ] || scontrol requeue \"$SLURM_JOB_ID\"",
        "[ $code -ne 130 ] || scontrol requeue \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"",
    ];

    public static TheoryData<string> Helped =>
        ["", "train", "compare", "memory", "reproduce", "evaluate", "audit", "predict", "generate", "restore", "solve", "info", "import", "export"];

    // Of mpirun and srun, which pages name beside the programs' own.
    private static readonly string[] OfLaunchers =
        ["--allow-run-as-root", "--bind-to", "--cpus-per-task", "--kill-on-bad-exit", "--map-by", "--mca", "--mpi", "--oversubscribe", "--signal"];

    public static TheoryData<string> Commands => [.. Markdown.Pages.SelectMany(Markdown.Commands).Distinct()];

    [Fact]
    public void The_example_on_the_first_screen_is_the_sample_that_runs()
    {
        string sample = Markdown.Read("samples", "readme.cs");
        string code = sample[sample.IndexOf("using ", StringComparison.Ordinal)..].Trim();
        Assert.Contains($"```csharp\n{code}\n```", Markdown.Read("README.md"), StringComparison.Ordinal);
        Assert.Equal(12, code.Split('\n').Count(line => line.Length > 0));
    }

    [Fact]
    public void Every_link_into_the_repository_leads_somewhere_its_heading_included()
    {
        int links = 0;
        foreach (string page in Markdown.Pages)
        {
            string folder = Path.GetDirectoryName(Path.Combine(SharedData.RepositoryRoot, page))!;
            foreach (string link in Markdown.Links(page).Where(link => !link.StartsWith("http", StringComparison.Ordinal)))
            {
                string[] parts = link.Split('#');
                string target = parts[0].Length == 0 ? Path.Combine(SharedData.RepositoryRoot, page) : Path.GetFullPath(Path.Combine(folder, parts[0]));
                Assert.True(Path.Exists(target), $"{page} links to {link}");
                Assert.True(
                    parts.Length == 1 || Markdown.Anchors(Path.GetRelativePath(SharedData.RepositoryRoot, target)).Contains(parts[1]),
                    $"{page} links to {link}, and there is no such heading");
                links++;
            }
        }

        Assert.True(links > 50, $"{links} links");
    }

    [Fact]
    public void Every_option_that_a_page_names_is_one_of_the_programs()
    {
        string help = string.Concat(Helped.Select(command => CliRun.Of(command, "--help").Succeeded().Output)) + string.Concat(
            BenchmarkCommandLine.Parse([]).CommandResult.Command.Subcommands.SelectMany(command => command.Options).Select(option => $"{option.Name} "));
        string[] named = [.. Markdown.Pages.SelectMany(Markdown.Options).Distinct().Except(OfLaunchers)];
        Assert.All(named, option => Assert.Matches($"{option}[ ,\n]", help));
        Assert.True(named.Length > 20, $"{named.Length} options");
    }

    [Fact]
    public void There_are_commands_on_the_pages() => Assert.True(Commands.Count > 20, $"{Commands.Count} commands");

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_of_the_pages_is_understood(string command)
    {
        string line = command.StartsWith(Launcher, StringComparison.Ordinal) ? "implicitnet" + command[Launcher.Length..] : command;
        string[] words = ShellVariable().Replace(line, "1").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int program = words[0] is "mpirun" or "srun" ? Array.IndexOf(words, "implicitnet") : 0;
        if (words[program] == "implicitnet")
        {
            Assert.Null(CommandLine.Problem(words[(program + 1)..]));
        }
        else if (line.StartsWith(Benchmarks, StringComparison.Ordinal))
        {
            ParseResult parsed = BenchmarkCommandLine.Parse(line[Benchmarks.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            Assert.True(parsed.Errors.Count == 0 || line.Contains("COMMAND", StringComparison.Ordinal), line);
        }
        else
        {
            Assert.Contains(line, Others);
        }
    }

    [Theory]
    [MemberData(nameof(Helped))]
    public void Every_example_of_the_help_is_understood(string command)
    {
        string help = CliRun.Of([.. command.Length > 0 ? new[] { command } : [], "--help"]).Succeeded().Output.Replace(" \\\n    ", " ", StringComparison.Ordinal);
        string[] examples = [.. help.Split("Examples:\n")[1].Split("\n\n")[0].Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
        Assert.NotEmpty(examples);
        Assert.All(examples, example =>
        {
            Assert.StartsWith("implicitnet ", example, StringComparison.Ordinal);
            Assert.Null(CommandLine.Problem(example.Split(' ')[1..]));
        });
    }

    [Theory]
    [InlineData("train --frobnicate 1")]
    [InlineData("train --epochs none")]
    [InlineData("fly")]
    public void A_command_that_is_not_understood_would_be_seen(string command) => Assert.NotNull(CommandLine.Problem(command.Split(' ')));

    [Fact]
    public void Every_command_is_in_the_table_of_the_readme()
    {
        string help = CliRun.Of("--help").Succeeded().Output;
        string[] commands = [.. help.Split("Commands:\n")[1].Split("\n\n")[0].Split('\n').Where(line => line.Length > 2 && line[2] != ' ').Select(line => line.Trim().Split(' ')[0])];
        Assert.Equal(13, commands.Length);
        Assert.All(commands, command => Assert.Contains($"\n| `{command}` | ", Markdown.Read("README.md"), StringComparison.Ordinal));
    }

    [GeneratedRegex("""\"?\$[A-Z_]+\"?""")]
    private static partial Regex ShellVariable();
}
