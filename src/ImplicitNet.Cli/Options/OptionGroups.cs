using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>Under which heading the help shows an option: one heading for a name, in every command.</summary>
internal static class OptionGroups
{
    // Options that are no settings of a run; those say theirs where they are declared.
    private static readonly Dictionary<string, OptionGroup> Others = new()
    {
        ["--model"] = OptionGroup.Model,
        ["--beside"] = OptionGroup.Model,
        ["--problem"] = OptionGroup.Problem,
        ["--prompt"] = OptionGroup.Data,
        ["--split"] = OptionGroup.Data,
        ["--count"] = OptionGroup.Data,
        ["--rows"] = OptionGroup.Data,
        ["--truth"] = OptionGroup.Data,
        ["--degrade"] = OptionGroup.Data,
        ["--entry"] = OptionGroup.Network,
        ["--solvers"] = OptionGroup.Solver,
        ["--starts"] = OptionGroup.Solver,
        ["--applications"] = OptionGroup.Solver,
        ["--gradients"] = OptionGroup.Gradient,
        ["--seeds"] = OptionGroup.Run,
        ["--temperature"] = OptionGroup.Run,
        ["--collective-timeout"] = OptionGroup.Run,
        ["--hours"] = OptionGroup.Training,
        ["--certify"] = OptionGroup.Checks,
        ["--conditions"] = OptionGroup.Checks,
        ["--measure"] = OptionGroup.Checks,
        ["--pytorch"] = OptionGroup.Output,
        ["--output"] = OptionGroup.Output,
        ["--resume"] = OptionGroup.Output,
        ["--resume-if-any"] = OptionGroup.Output,
        ["--quiet"] = OptionGroup.Output,
        ["--json"] = OptionGroup.Output,
        ["--version"] = OptionGroup.Output,
        ["--help"] = OptionGroup.Output,
    };

    /// <summary>The heading of an option.</summary>
    public static OptionGroup Of(Option option) =>
        RunSetting.All.FirstOrDefault(setting => option.Name == $"--{setting.Name}") is { } setting
            ? setting.Flag.Group
            : Others[option.Name];
}
