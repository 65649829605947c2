using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>What a run is trained or tested on, by name.</summary>
/// <param name="help">What the help says.</param>
internal sealed class DataAttribute(string help) : FlagAttribute(OptionGroup.Data, help)
{
    /// <summary>Whether several may be named, of any size.</summary>
    public bool IsList { get; init; }

    public override Option Create(string name, string help, Type type) =>
        IsList ? DataOption.Several(name, help) : DataOption.One(name, help);
}
