using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>Number options that several commands have, each with its range.</summary>
internal static class Ranges
{
    public static Option<double?> Tolerance(string description) =>
        NumberOption.Real("--tolerance", description, value => value is > 0 and < 1, "a number above 0 and below 1");

    public static Option<double?> Damping(string description) =>
        NumberOption.Real("--damping", description, value => value is > 0 and <= 1, "a number above 0 and at most 1", "--mixing");

    public static Option<int?> Memory() =>
        NumberOption.Whole("--memory", "Steps that anderson, broyden and chain remember (default: the solver's).", most: 50);

    public static Option<double?> Positive(string name, string description) =>
        NumberOption.Real(name, description, value => value > 0, "a finite number above 0");

    public static Option<double?> NotNegative(string name, string description) =>
        NumberOption.Real(name, description, value => value >= 0, "a finite number of at least 0");

    public static Option<double?> Between0And1(string name, string description) =>
        NumberOption.Real(name, description, value => value is > 0 and < 1, "a number above 0 and below 1");
}
