using System.CommandLine;
using System.Reflection;

namespace ImplicitNet.Cli.Options;

/// <summary>One of a few names.</summary>
/// <param name="group">Its heading in the help.</param>
/// <param name="help">What the help says.</param>
/// <param name="names">The class whose static property Names has them.</param>
internal sealed class ChoiceAttribute(OptionGroup group, string help, Type names) : FlagAttribute(group, help)
{
    public override Option Create(string name, string help, Type type) => ChoiceOption.Create(
        name, help, (IReadOnlyList<string>)names.GetProperty("Names", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!);
}
