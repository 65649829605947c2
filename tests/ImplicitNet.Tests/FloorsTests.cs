using System.Text.RegularExpressions;

namespace ImplicitNet.Tests;

/// <summary>Imports run down: a file uses its own floor and those below, never one above.</summary>
public sealed partial class FloorsTests
{
    // From the ground up. Namespaces of one line share a floor.
    private static readonly string[][] Floors =
    [
        ["ImplicitNet.Differentiation", "ImplicitNet.Kernels"],
        ["ImplicitNet.LinearSolvers"],
        ["ImplicitNet.Solvers"],
        ["ImplicitNet.Gradients"],
        ["ImplicitNet.Operators"],
        ["ImplicitNet.Networks"],
        ["ImplicitNet.Certification"],
        ["ImplicitNet.Training.Files"],
        [
            "ImplicitNet.Training.Data", "ImplicitNet.Training.Data.Augmentations", "ImplicitNet.Training.Data.Cifar",
            "ImplicitNet.Training.Data.Drawing", "ImplicitNet.Training.Data.Matlab",
        ],
        ["ImplicitNet.Training.Weights", "ImplicitNet.Training.Images"],
        ["ImplicitNet.Training.Weights.PyTorch"],
        ["ImplicitNet.Training.Evaluation", "ImplicitNet.Training.Reports"],
        ["ImplicitNet.Training.Checkpoints", "ImplicitNet.Training.Comparisons"],
        ["ImplicitNet.Training.Reproduction"],
        ["ImplicitNet.Training"],
        ["ImplicitNet.Models.Problems"],
        ["ImplicitNet.Models", "ImplicitNet.Models.FixedPointNetworks"],
        ["ImplicitNet.Cli"],
    ];

    [Fact]
    public void No_file_uses_a_floor_above_its_own()
    {
        List<string> wrong = [];
        int files = 0;
        foreach (string path in SourceFiles())
        {
            string text = File.ReadAllText(path);
            Match declared = NamespaceLine().Match(text);
            string own = declared.Success ? declared.Groups[1].Value : "ImplicitNet.Cli";
            files++;
            foreach (Match used in UsingLine().Matches(text))
            {
                if (Floor(used.Groups[1].Value) > Floor(own))
                {
                    wrong.Add($"{Path.GetRelativePath(SharedData.RepositoryRoot, path)} uses {used.Groups[1].Value}");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.True(files > 50);
    }

    [Fact]
    public void A_folder_is_a_namespace()
    {
        string source = Path.Combine(SharedData.RepositoryRoot, "src");
        foreach (string path in SourceFiles())
        {
            Match declared = NamespaceLine().Match(File.ReadAllText(path));
            string folder = Path.GetRelativePath(source, Path.GetDirectoryName(path)!).Replace(Path.DirectorySeparatorChar, '.');
            Assert.True(!declared.Success || declared.Groups[1].Value == folder, $"{path} declares {declared.Groups[1].Value}");
        }
    }

    /// <summary>The code of the four projects; not the build step that the package carries, which is no part of any of them.</summary>
    private static IEnumerable<string> SourceFiles() =>
        Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("buildTransitive", StringComparison.Ordinal));

    private static int Floor(string name)
    {
        int floor = Array.FindIndex(Floors, names => names.Contains(name));
        return floor >= 0 ? floor
            : name.StartsWith("ImplicitNet.Cli.", StringComparison.Ordinal) ? Floors.Length - 1
            : throw new InvalidOperationException($"{name} has no floor yet: give it one above.");
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^using (?:static )?(ImplicitNet[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
