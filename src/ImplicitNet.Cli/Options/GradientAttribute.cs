using System.CommandLine;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Options;

/// <summary>A gradient, in the words of <see cref="GradientChoice"/>.</summary>
internal sealed class GradientAttribute() : FlagAttribute(OptionGroup.Gradient, GradientOption.Help)
{
    public override Option Create(string name, string help, Type type) => GradientOption.One(name, help);
}
