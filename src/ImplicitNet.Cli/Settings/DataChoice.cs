using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Settings;

/// <summary>The data sets by name.</summary>
internal static class DataChoice
{
    public const string Digits = "digits";

    public const string Mnist = "mnist";

    public const string Cifar10 = "cifar10";

    public const string Svhn = "svhn";

    private static readonly Dictionary<string, DatasetDefinition> Published = new()
    {
        [Mnist] = IdxDatasetDefinition.Mnist,
        ["fashion-mnist"] = IdxDatasetDefinition.FashionMnist,
        [Cifar10] = Cifar10Definition.Published,
        [Svhn] = SvhnDefinition.Published,
    };

    public static IReadOnlyList<string> Names { get; } = [Digits, .. Published.Keys];

    /// <summary>Where a published data set is; null for one that is drawn.</summary>
    public static DatasetDefinition? Definition(string name) => Published.GetValueOrDefault(name);
}
