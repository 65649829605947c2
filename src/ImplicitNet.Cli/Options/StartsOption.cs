using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes the option that asks for several starts.</summary>
internal static class StartsOption
{
    // Each is a solve of every sample.
    private const int Most = 100;

    public static Option<int?> Create() => NumberOption.Whole(
        "--starts",
        "Starts of every solve: the model's own, zero, and random ones. With several, how far they agree is reported sample by sample, "
            + "and the answer with the smallest residual is taken. A maze is turned or mirrored in another way for each start, the first "
            + "as it is; answers are turned back, and the one that most starts came to is taken by predict and reported beside the "
            + "accuracy by evaluate (default: 1).",
        most: Most);
}
