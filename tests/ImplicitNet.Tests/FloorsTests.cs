using System.Reflection;
using System.Text.RegularExpressions;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Models;
using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training;

namespace ImplicitNet.Tests;

/// <summary>
/// Uses run down: a type uses its own floor and those below, never one above. Read from what was compiled, since a namespace above one's own needs no
/// using line; and from those lines, since constants leave no trace in what was compiled.
/// </summary>
public sealed partial class FloorsTests
{
    // From the ground up. Namespaces of one line share a floor.
    private static readonly string[][] Floors =
    [
        ["ImplicitNet.Differentiation", "ImplicitNet.Kernels", "ImplicitNet.Kernels.Winograd"],
        ["ImplicitNet.Batches"],
        ["ImplicitNet.LinearSolvers", "ImplicitNet.Measurements"],
        ["ImplicitNet.Solvers", "ImplicitNet.Solvers.Anderson", "ImplicitNet.Solvers.QuasiNewton", "ImplicitNet.Solvers.Loop"],
        ["ImplicitNet.Flows", "ImplicitNet.Flows.Loop"],
        ["ImplicitNet.Gradients", "ImplicitNet.Gradients.Flows"],
        ["ImplicitNet.Operators"],
        ["ImplicitNet.Networks"],
        ["ImplicitNet.Certification"],
        ["ImplicitNet.Files"],
        ["ImplicitNet.Files.Pickles", "ImplicitNet.Files.Safetensors"],
        ["ImplicitNet.Files.PyTorch"],
        ["ImplicitNet.Training.Distribution"],
        [
            "ImplicitNet.Training.Data", "ImplicitNet.Training.Data.Augmentations", "ImplicitNet.Training.Data.Cifar",
            "ImplicitNet.Training.Data.Drawing", "ImplicitNet.Training.Data.Matlab", "ImplicitNet.Training.Data.Series",
        ],
        ["ImplicitNet.Training.Tasks", "ImplicitNet.Training.Optimizers"],
        ["ImplicitNet.Training.Evaluation", "ImplicitNet.Training.History"],
        ["ImplicitNet.Training.Checkpoints"],
        ["ImplicitNet.Training"],
        ["ImplicitNet.Reports.Drawing"],
        ["ImplicitNet.Reports.Mazes", "ImplicitNet.Reports.Flows"],
        ["ImplicitNet.Reports"],
        ["ImplicitNet.Reports.Comparisons"],
        ["ImplicitNet.Models.Problems", "ImplicitNet.Models.Baselines"],
        ["ImplicitNet.Models", "ImplicitNet.Models.FixedPointNetworks", "ImplicitNet.Models.Flows"],
        ["ImplicitNet.Cli.Images", "ImplicitNet.Cli.Reproduction"],
        ["ImplicitNet.Cli"],
        ["ImplicitNet.Cli.Screens"],
        ["ImplicitNet.Cli.Options", "ImplicitNet.Cli.Settings", "ImplicitNet.Cli.Kinds"],
        ["ImplicitNet.Cli.Commands"],
        [Entry],
    ];

    private const string Entry = "the entry of the command line";

    // They stand in the folder of another floor.
    private static readonly Dictionary<string, string> Elsewhere = new()
    {
        ["ImplicitNet.Cli.CommandLine"] = Entry,
        ["ImplicitNet.Cli.FailureMessage"] = Entry,
        ["ImplicitNet.Cli.ClassNames"] = "ImplicitNet.Cli.Settings",
        ["ImplicitNet.Training.WeightAverage"] = "ImplicitNet.Training.Checkpoints",
    };

    // Circles of more than two types, or of two in two folders, that are there. None may be added; one that is gone must be struck here.
    private static readonly string[][] Circles =
    [
        ["AndersonIteration", "AndersonSolver", "AndersonSteps", "HostSecantHistory`1", "SecantChoice", "SecantHistory", "SecantRows`1", "TensorSecantHistory"],
        ["SafetensorsFile", "SafetensorsHeader", "SafetensorsReader"],
        ["NetworkChoice", "RunSettings"],
    ];

    private static readonly Assembly[] Assemblies =
        [
        typeof(FixedPoint).Assembly, typeof(SafetensorsFile).Assembly, typeof(Trainer).Assembly, typeof(RunReport).Assembly, typeof(ModelFolder).Assembly,
        typeof(Terminal).Assembly,
    ];

    [Fact]
    public void No_type_uses_a_floor_above_its_own()
    {
        (Type User, Type Used)[] uses = [.. Assemblies.SelectMany(TypeUses.Of)];
        string[] wrong = [.. uses.Where(use => Floor(use.Used) > Floor(use.User)).Select(use => $"{use.User} uses {use.Used}")];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
        Assert.True(uses.Length > 1000, $"{uses.Length} uses");
    }

    [Fact]
    public void Every_floor_and_every_exception_is_there()
    {
        HashSet<string?> names = [.. Assemblies.SelectMany(assembly => assembly.GetTypes()).SelectMany(type => new[] { type.Namespace, type.FullName })];
        Assert.DoesNotContain(Floors.SelectMany(floor => floor).Concat(Elsewhere.Keys), name => name != Entry && !names.Contains(name));
    }

    [Fact]
    public void No_types_stand_in_a_circle_but_those_known()
    {
        string[][] found = [.. Assemblies.SelectMany(assembly => TypeCircles.Of(TypeUses.Of(assembly)))
            .Where(circle => circle.Count > 2 || circle.Select(type => type.Namespace).Distinct().Count() > 1)
            .Select(circle => circle.Select(type => type.Name).Order(StringComparer.Ordinal).ToArray())];
        string[] known = [.. Circles.Select(circle => string.Join(", ", circle))];
        string[] actual = [.. found.Select(circle => string.Join(", ", circle))];
        Assert.True(known.ToHashSet().SetEquals(actual), $"New: {string.Join("; ", actual.Except(known))}\nGone: {string.Join("; ", known.Except(actual))}");
    }

    [Fact]
    public void Every_kind_of_use_is_seen()
    {
        string[] seen = [.. TypeUses.Of(typeof(UserOfEveryKind).Assembly).Where(use => use.User == typeof(UserOfEveryKind)).Select(use => use.Used.Name).Order(StringComparer.Ordinal)];
        Assert.Equal(UserOfEveryKind.Expected.Order(StringComparer.Ordinal), seen);
    }

    [Fact]
    public void No_file_uses_a_floor_above_its_own()
    {
        List<string> wrong = [];
        int files = 0;
        foreach (string path in SourceFiles())
        {
            string text = File.ReadAllText(path);
            Match declared = NamespaceLine().Match(text);
            string type = $"{declared.Groups[1].Value}.{Path.GetFileNameWithoutExtension(path)}";
            string own = !declared.Success ? Entry : Elsewhere.GetValueOrDefault(type) ?? declared.Groups[1].Value;
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

    /// <summary>The code of the six projects; not the build step that the package carries, which is no part of any of them.</summary>
    private static IEnumerable<string> SourceFiles() =>
        Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("buildTransitive", StringComparison.Ordinal));

    private static int Floor(Type type) => Floor(Elsewhere.GetValueOrDefault(type.FullName!) ?? type.Namespace ?? Entry);

    private static int Floor(string name)
    {
        int floor = Array.FindIndex(Floors, names => names.Contains(name));
        return floor >= 0 ? floor : throw new InvalidOperationException($"{name} has no floor yet: give it one above.");
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^using (?:static )?(ImplicitNet[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
