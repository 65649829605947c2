using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Settings;

/// <summary>What can be trained on, by name: data sets of images, tasks of any size, what flows are for, and texts.</summary>
internal static class DataChoice
{
    public const string Digits = "digits";

    public const string Mnist = "mnist";

    public const string Cifar10 = "cifar10";

    public const string Svhn = "svhn";

    /// <summary>Images without classes.</summary>
    public const string Ellipses = "ellipses";

    /// <summary>What is trained on where nobody says.</summary>
    public const string Default = "mazes:9";

    private static readonly Dictionary<string, DatasetDefinition> Published = new()
    {
        [Mnist] = IdxDatasetDefinition.Mnist,
        ["fashion-mnist"] = IdxDatasetDefinition.FashionMnist,
        [Cifar10] = Cifar10Definition.Published,
        [Svhn] = SvhnDefinition.Published,
    };

    /// <summary>Data sets of images in classes.</summary>
    public static IReadOnlyList<string> Images { get; } = [Digits, .. Published.Keys];

    /// <summary>All of them; of tasks of any size the form of their names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Images, Ellipses, .. GridTask.All.Select(task => task.Form), .. FlowData.Names, TextData.Form];

    /// <summary>Where a published data set is; null for one that is drawn.</summary>
    public static DatasetDefinition? Definition(string name) => Published.GetValueOrDefault(name);
}
