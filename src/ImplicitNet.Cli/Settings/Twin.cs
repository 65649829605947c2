using System.Globalization;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Settings;

/// <summary>What a run of a comparison may be beside a gradient, by name: the same network trained or built otherwise.</summary>
/// <remarks>
/// "explicit" has the parameters of the implicit network, R applied once. "untied:N" has the memory of N steps: N layers R, each with
/// weights of its own. "through:K" is the implicit network itself, trained by backpropagation through K undamped steps from the start, as
/// unrolled networks are. That is not "unrolled:K", which solves first and goes K steps from the fixed point.
/// </remarks>
internal static class Twin
{
    private const string Untied = "untied";
    private const string Through = "through";

    // As many as the settings of a run take.
    private const int MostLayers = 256;

    /// <summary>What may be written, for help and errors.</summary>
    public static IReadOnlyList<string> Forms { get; } = [GradientChoice.Explicit, $"{Untied}:N", $"{Through}:K"];

    /// <summary>Whether a name is meant as that of a twin.</summary>
    public static bool IsMeant(string name) => name.Split(':')[0] is GradientChoice.Explicit or Untied or Through;

    /// <summary>What is wrong with a name that is meant as that of a twin; null when nothing is.</summary>
    public static string? Problem(string name) => name == GradientChoice.Explicit
        || (!name.StartsWith(GradientChoice.Explicit, StringComparison.Ordinal) && Number(name) is >= 1 and <= MostLayers)
        ? null
        : $"{name}: it must be one of {string.Join(", ", Forms)}, N and K from 1 to {MostLayers}";

    /// <summary>Whether it is a network without a fixed point, whose weights no implicit one has.</summary>
    public static bool IsExplicit(string name) => name.Split(':')[0] is GradientChoice.Explicit or Untied;

    /// <summary>The settings of a run of a comparison, by a gradient or a twin. An explicit one has an exact gradient: no cosine.</summary>
    public static RunSettings Of(RunSettings settings, string name) => name.Split(':')[0] switch
    {
        GradientChoice.Explicit => WithoutSolves(settings) with { Explicit = true },
        Untied => WithoutSolves(settings) with { Untied = Number(name) },

        // A solve of one step returns where it starts: the steps of the gradient are all there are.
        Through => settings with { Gradient = $"unrolled:{Number(name)}", TrainSteps = 1, RandomSteps = false, Cosines = 0, Pretrain = 0 },
        _ => settings with { Gradient = name },
    };

    private static RunSettings WithoutSolves(RunSettings settings) =>
        settings with { Gradient = GradientChoice.Default, Cosines = 0, Pretrain = 0 };

    private static int? Number(string name) => name.Split(':') is [_, var text]
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
