using System.Globalization;

namespace ImplicitNet.Cli;

/// <summary>What the classes of a data set are called.</summary>
internal static class ClassNames
{
    // In the order of the labels, as the publishers of Fashion-MNIST list them (Xiao, Rasul and Vollgraf, 2017, table 2).
    private static readonly string[] Fashion =
        ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];

    /// <summary>The names in order: digits are called by themselves.</summary>
    public static IReadOnlyList<string> Of(string data, int count) => data == "fashion-mnist" && count == Fashion.Length
        ? Fashion
        : [.. Enumerable.Range(0, count).Select(label => label.ToString(CultureInfo.InvariantCulture))];
}
