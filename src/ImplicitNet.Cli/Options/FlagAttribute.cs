using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>
/// The flag of a setting: a property of the settings of a run is declared with it once, and has its name, default and range from there, on
/// the command line as in run.json.
/// </summary>
/// <param name="group">Its heading in the help.</param>
/// <param name="help">What the help says.</param>
[AttributeUsage(AttributeTargets.Property)]
internal abstract class FlagAttribute(OptionGroup group, string help) : Attribute
{
    /// <summary>Its heading in the help.</summary>
    public OptionGroup Group => group;

    /// <summary>What the help says.</summary>
    public string Help => help;

    /// <summary>Whether the help is silent about it.</summary>
    public bool IsHidden { get; init; }

    /// <summary>Whether a run may go on with another value, which decides nothing about its result.</summary>
    public bool IsFreeOnResume { get; init; }

    /// <summary>Whether the runs of one comparison differ in it, so that the comparison does not take it.</summary>
    public bool IsCompared { get; init; }

    /// <summary>The kind of data that it is for alone; null for every kind.</summary>
    public string? Only { get; init; }

    /// <summary>Makes the option, which refuses what the setting cannot be.</summary>
    /// <param name="name">Its name, with dashes.</param>
    /// <param name="help">What the help says.</param>
    /// <param name="type">That of the property.</param>
    public abstract Option Create(string name, string help, Type type);
}
