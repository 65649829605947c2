using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>A folder; what is given holds wherever the run goes on.</summary>
internal sealed class FolderAttribute(OptionGroup group, string help) : FlagAttribute(group, help)
{
    public override Option Create(string name, string help, Type type) => new Option<string?>(name)
    {
        Description = help,
        HelpName = "folder",
        CustomParser = argument => Path.GetFullPath(argument.Tokens[0].Value),
    };
}
