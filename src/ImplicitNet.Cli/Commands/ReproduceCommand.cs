using System.CommandLine;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Commands;

/// <summary>reproduce: the paper's figures again, as far as a given time allows.</summary>
internal sealed class ReproduceCommand(Terminal terminal, CancellationToken cancellation)
{
    private const int DefaultMostEpochs = 100;

    private static readonly long[] DefaultSeeds = [1, 2, 3];

    private readonly Argument<string> _data =
        new("data") { Description = "Data set.", HelpName = string.Join('|', ReproductionSettings.Names) };
    private readonly Option<double?> _hours =
        NumberOption.Create<double>(
            "--hours", "Hours that it may take on this machine; with few, early epochs are all there is.", new() { Above = 0 });
    private readonly Option<long[]?> _seeds = SeedsOption.Create(string.Join(',', DefaultSeeds));
    private readonly Option<int?> _epochs =
        RunSetting.Option<int?>(nameof(RunSettings.Epochs), $"Most epochs of a training (default: {DefaultMostEpochs}).");
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Folder of the reproduction; "
        + "one that was interrupted goes on with its plan (default: runs/reproduce-DATA).",
        HelpName = "folder"
    };
    private readonly Option<string?> _dataDirectory = RunSetting.Option<string?>(nameof(RunSettings.DataDir));
    private readonly Option<double?> _gamma = RunSetting.Option<double?>(
        nameof(RunSettings.Gamma),
        "Contraction factor of the clean form (default: 0.5); the published form has the one of its weight files.");
    private readonly Option<int?> _shift = RunSetting.Option<int?>(
        nameof(RunSettings.Shift), "Largest random shift of a training image of the clean form in pixels (default: 2 for mnist, else 0).");
    private readonly Option<int?> _images = RunSetting.Option<int?>(nameof(RunSettings.Images));
    private readonly Option<int?> _validation = RunSetting.Option<int?>(nameof(RunSettings.Validation));
    private readonly Option<int?> _testImages = RunSetting.Option<int?>(nameof(RunSettings.TestImages));
    private readonly Option<int?> _batch = RunSetting.Option<int?>(nameof(RunSettings.Batch));
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        _hours.Required = true;
        foreach (Option option in (Option[])[_images, _validation, _testImages, _batch])
        {
            option.Hidden = true;
        }

        _data.Validators.Add(result =>
        {
            string given = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (!ReproductionSettings.Names.Contains(given))
            {
                result.AddError(Misspelling.OfValue("the data set", given, ReproductionSettings.Names));
            }
        });
        Command command =
            new("reproduce", "Run what is feasible of the JFB paper's figures in a given time, and report them beside the paper's.")
        {
            _data, _hours, _seeds, _epochs, _output, _dataDirectory, _gamma, _shift, _images, _validation, _testImages, _batch,
        };
        _common.AddTo(command);
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet reproduce mnist --hours 2",
            "implicitnet reproduce cifar10 --hours 8 --data-dir ~/data/cifar10 --output runs/paper-cifar10",
            "implicitnet reproduce svhn --hours 0.05 --seeds 1 --json");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        string data = parsed.GetRequiredValue(_data);
        RunSettings clean = ReproductionSettings.Clean(data);
        clean = clean with
        {
            DataDir = parsed.GetValue(_dataDirectory) is { } folder ? Path.GetFullPath(folder) : null,
            Gamma = parsed.GetValue(_gamma) ?? clean.Gamma,
            Shift = parsed.GetValue(_shift) ?? clean.Shift,
            Images = parsed.GetValue(_images),
            Validation = parsed.GetValue(_validation) ?? clean.Validation,
            TestImages = parsed.GetValue(_testImages),
            Batch = parsed.GetValue(_batch) ?? clean.Batch,
            Threads = DeviceChoice.SetThreads(parsed.GetValue(_common.Threads), terminal),
            Device = parsed.GetValue(_common.Device) ?? clean.Device,
        };
        DeviceChoice.Open(clean.Device);
        ReproductionAim aim = new(
            clean,
            parsed.GetRequiredValue(_hours)!.Value,
            parsed.GetValue(_seeds) is { Length: > 0 } given ? given : [.. DefaultSeeds],
            parsed.GetValue(_epochs) ?? DefaultMostEpochs);
        using OutputFolder hold = OutputFolder.Take(parsed.GetValue(_output) ?? Path.Combine("runs", $"reproduce-{data}"));
        string output = Path.GetFullPath(hold.Path);
        return new ReproductionRun(terminal, output, aim, cancellation).Execute(parsed.GetValue(_common.Json));
    }
}
