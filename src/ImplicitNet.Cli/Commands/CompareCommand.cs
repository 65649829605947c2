using System.CommandLine;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Commands;

/// <summary>compare: the same training with each gradient.</summary>
internal sealed class CompareCommand(Terminal terminal, CancellationToken cancellation)
{
    private const string DefaultGradients = "jfb,neumann:3,phantom:5:0.5,refined:5,implicit:gmres,implicit:cg-normal,unrolled:20";
    private const int DefaultCosines = 4;

    // Solves of mazes take many steps: with all of the others a comparison would take hours.
    private const string GridGradients = "jfb,through:30,explicit,untied:10";

    private const string TextGradients = "jfb,phantom:5:0.5,implicit:gmres,explicit";

    private static readonly long[] DefaultSeeds = [1, 2, 3];

    private readonly Option<string[]?> _gradients = ComparedOption.Create(
        $"{DefaultGradients}; of mazes and sums {GridGradients}; of texts {TextGradients}");
    private readonly Option<long[]?> _seeds = SeedsOption.Create($"{string.Join(',', DefaultSeeds)}; of mazes, sums and texts 1");
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Folder of the comparison; "
        + "one that was interrupted goes on (default: runs/compare-DATA).",
        HelpName = "folder"
    };
    private readonly TrainOptions _options = new();
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        Command command = new("compare", "Train with each of several gradients and compare accuracy, work, "
            + "time and memory.") { _gradients, _seeds, _output };
        _options.AddSharedTo(command);
        _common.AddScreenTo(command);
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet compare --data mazes:9 --gradients jfb,through:30,explicit,untied:10 --evaluate mazes:17,mazes:33",
            "implicitnet compare --data mnist --threads 1",
            "implicitnet compare --data digits --gradients jfb,neumann:5,implicit:gmres --seeds 1,2 --epochs 3",
            "implicitnet compare --data digits --gradients jfb,inverse-reuse --solver broyden --output runs/reuse --json",
            "implicitnet compare --data mnist --gradients jfb,implicit:cg-normal,explicit --latent-layers 2");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);
        RunSettings settings = _options.Begin(parsed);
        RunKind kind = RunKinds.FixedPointsOf(settings);
        bool isOfImages = kind is ImageKind;
        settings = settings with
        {
            // Each run has a process of its own; all of them get the same number.
            Threads = DeviceChoice.SetThreads(settings.Threads > 0 ? settings.Threads : null, terminal),
            Cosines = _options.Gives(parsed, nameof(RunSettings.Cosines)) || !isOfImages
                ? settings.Cosines
                : DefaultCosines,
        };
        DeviceChoice.Open(settings.Device);
        string[] gradients = parsed.GetValue(_gradients) is { Length: > 0 } named
            ? named
            : isOfImages ? [.. DefaultGradients.Split(',').Select(text => GradientChoice.Parse(text).Text)]
            : (kind is TextKind ? TextGradients : GridGradients).Split(',');
        foreach (string twin in gradients)
        {
            if (RunKinds.Problem(Twin.Of(settings, twin)) is { } problem)
            {
                throw new CommandException($"--gradients {twin}: --{problem}", ExitCodes.Usage);
            }

            if (settings.From is { } from && Twin.IsExplicit(twin))
            {
                throw new CommandException(
                    $"--gradients {twin}: --from {from} is for networks of the same weights, and an explicit twin has others. "
                        + "Leave out one.",
                    ExitCodes.Usage);
            }

            RunSetting untied = RunSetting.All.First(setting => setting.Property == nameof(RunSettings.Untied));
            if (Twin.Of(settings, twin).Untied is { } layers)
            {
                RunKinds.EnsureTakes(settings, untied, layers);
            }
        }

        foreach (string gradient in gradients)
        {
            Chosen.Of(() => GradientChoice.Parse(Twin.Of(settings, gradient).Gradient)
                .Fit(SolverChoice.Create(settings.Solver, settings.Damping, settings.Memory), settings.Solver));
        }

        long[] seeds = parsed.GetValue(_seeds) is { Length: > 0 } given ? given : isOfImages ? [.. DefaultSeeds] : [1];
        string name = Path.GetFileNameWithoutExtension(kind.Short(settings.Data)).Replace(':', '-');
        using OutputFolder hold = OutputFolder.Take(parsed.GetValue(_output) ?? Path.Combine("runs", $"compare-{name}"));
        string output = Path.GetFullPath(hold.Path);
        return new ComparisonRun(terminal, output, settings, gradients, seeds, cancellation).Execute(parsed.GetValue(_common.Json));
    }
}
