using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>Options that several commands have.</summary>
internal sealed class CommonOptions
{
    public Option<int?> Threads { get; } = NumberOption.Whole(
        "--threads",
        "Threads to compute with (default: one a core). Results can differ in the last bits between numbers of threads.",
        most: 1024);

    public Option<string?> Device { get; } = ChoiceOption.Create("--device", "Where to compute (default: cpu).", DeviceChoice.Names);

    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "No progress; only the result." };

    public Option<bool> Json { get; } =
        new("--json") { Description = "Print the result as one JSON object, in the last line of standard output." };

    public void AddTo(Command command)
    {
        command.Add(Threads);
        command.Add(Device);
        command.Add(Quiet);
        command.Add(Json);
    }
}
