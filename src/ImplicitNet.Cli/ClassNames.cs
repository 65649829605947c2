using System.Globalization;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli;

/// <summary>What the classes of a data set are called.</summary>
internal static class ClassNames
{
    // In the order of the labels, as the publishers list them: Xiao, Rasul and Vollgraf, 2017, table 2; batches.meta.txt of CIFAR-10.
    private static readonly Dictionary<string, string[]> Published = new()
    {
        ["fashion-mnist"] = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"],
        [DataChoice.Cifar10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    };

    /// <summary>The names in order: digits are called by themselves.</summary>
    public static IReadOnlyList<string> Of(string data, int count) =>
        Published.TryGetValue(data, out string[]? names) && count == names.Length
        ? names
        : [.. Enumerable.Range(0, count).Select(label => label.ToString(CultureInfo.InvariantCulture))];
}
