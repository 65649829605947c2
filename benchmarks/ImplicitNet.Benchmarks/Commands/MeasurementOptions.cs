using System.CommandLine;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Kernels;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>Options that several benchmarks have.</summary>
internal sealed class MeasurementOptions
{
    private const int DefaultRounds = 7;
    private const int DefaultWarmUp = 2;

    private readonly Option<int?> _threads = NumberOption.Whole("--threads", "Threads to compute with (default: one a core).", most: 1024);
    private readonly Option<int?> _rounds =
        NumberOption.Whole("--rounds", $"Rounds that count; the contenders take turns in each (default: {DefaultRounds}).", Rounds.Least);
    private readonly Option<int?> _warmUp =
        NumberOption.Whole("--warm-up", $"Rounds before them that do not count (default: {DefaultWarmUp}).", least: 0);
    private readonly Option<long?> _seed =
        RunSetting.Option<long?>(nameof(RunSettings.Seed), "Seed of torch's random state: weights and dropout (default: 1).");
    private readonly Option<string?> _json = new("--json") { Description = "Write all figures into this file.", HelpName = "file" };
    private readonly Option<string?> _markdown = new("--markdown") { Description = "Write the tables into this file.", HelpName = "file" };

    /// <summary>Where MNIST is.</summary>
    public Option<string?> DataDirectory { get; } = new("--data-dir")
    {
        Description = "Folder that holds MNIST's four files, or that has it as mnist (default: drawn digits).",
        HelpName = "folder",
    };

    /// <summary>Adds those that all have, and the rounds, with the one seed of them all, where there are any.</summary>
    public void AddTo(Command command, bool hasRounds = true)
    {
        command.Add(_threads);
        if (hasRounds)
        {
            command.Add(_rounds);
            command.Add(_warmUp);
            command.Add(_seed);
        }

        command.Add(_json);
        command.Add(_markdown);
    }

    /// <summary>The rounds asked for.</summary>
    public Rounds RoundsOf(ParseResult parsed) => new(parsed.GetValue(_rounds) ?? DefaultRounds, parsed.GetValue(_warmUp) ?? DefaultWarmUp);

    /// <summary>Sets threads and random state.</summary>
    /// <returns>The machine as it is set.</returns>
    public Machine Begin(ParseResult parsed)
    {
        if (parsed.GetValue(_threads) is { } threads)
        {
            ThreadCount.Set(threads);
        }

        TorchSharp.torch.random.manual_seed(parsed.GetValue(_seed) ?? 1);
        return Machine.Current();
    }

    /// <summary>The file for all figures, and that for the tables; null where none was asked for.</summary>
    public (string? Json, string? Markdown) FilesOf(ParseResult parsed) => (parsed.GetValue(_json), parsed.GetValue(_markdown));
}
