using System.CommandLine;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Options;

/// <summary>Options that several commands have.</summary>
internal sealed class CommonOptions
{
    public Option<int?> Threads { get; } = RunSetting.Option<int?>(nameof(RunSettings.Threads));

    public Option<string?> Device { get; } = RunSetting.Option<string?>(nameof(RunSettings.Device));

    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "No progress; only the result." };

    public Option<bool> Json { get; } =
        new("--json") { Description = "Print the result as one JSON object, in the last line of standard output." };

    public void AddTo(Command command)
    {
        command.Add(Threads);
        command.Add(Device);
        AddScreenTo(command);
    }

    /// <summary>Adds those that are no settings of a run.</summary>
    public void AddScreenTo(Command command)
    {
        command.Add(Quiet);
        command.Add(Json);
    }
}
