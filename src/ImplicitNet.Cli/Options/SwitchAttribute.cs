using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>Something that is done where the flag is there.</summary>
internal sealed class SwitchAttribute(OptionGroup group, string help) : FlagAttribute(group, help)
{
    public override Option Create(string name, string help, Type type) => new Option<bool>(name) { Description = help };
}
