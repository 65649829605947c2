using System.CommandLine;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Cli.Commands;

/// <summary>train: a new run, or an interrupted one taken up.</summary>
internal sealed class TrainCommand(Terminal terminal, CancellationToken cancellation)
{
    private const int DefaultTimeout = 60;

    private readonly Option<string?> _output =
        new("--output", "-o") { Description = "Folder of the run (default: runs/DATA-DATE-TIME).", HelpName = "folder" };
    private readonly Option<bool> _resume =
        new("--resume") { Description = "Go on with the run in --output, with the settings it was started with." };
    private readonly Option<bool> _resumeIfAny = new("--resume-if-any")
    {
        Description = "Go on with the run in --output where there is one, else begin it: for jobs that are put back into a queue.",
    };

    private readonly Option<int?> _timeout = NumberOption.Whole(
        "--collective-timeout", "Seconds for which the ranks that mpirun or srun started wait for each other (default: 60).");
    private readonly TrainOptions _options = new();
    private readonly CommonOptions _common = new();

    public Command Create()
    {
        Command command = new("train", "Train an implicit network or a neural ODE, and test it once at the end.")
        {
            _output, _resume, _resumeIfAny, _timeout,
        };
        _options.AddTo(command);
        _common.AddScreenTo(command);
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet train",
            "implicitnet train --epochs 10 --seed 2 --output runs/second",
            "implicitnet train --resume --output runs/second",
            "implicitnet train --resume-if-any --output runs/job --data mnist --seed 3",
            "implicitnet train --data mazes:15 --validate mazes:17,mazes:33 --epochs 20",
            "implicitnet train --data sums:32 --evaluate sums:64,sums:512",
            "implicitnet train --data annuli --network neural-ode",
            "implicitnet train --data mnist --network neural-ode",
            "implicitnet train --data csv:tides.csv --output runs/tides",
            "implicitnet train --data digits --gradient phantom:5:0.5",
            "implicitnet train --data mnist --data-dir ~/data/mnist --average 0.999 --json",
            "implicitnet train --data cifar10 --augment --epochs 30",
            "implicitnet train --data cifar10 --task deblurring --output runs/deblurring",
            "implicitnet train --data ellipses --task tomography",
            "implicitnet train --data mnist --latent-layers 2 --published --gamma 0.95");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        terminal.IsQuiet = parsed.GetValue(_common.Quiet);

        // Before torch is touched. Not disposed after an exception: the end of the process then ends the other ranks too.
        Collective ranks = Mpi.Join(TimeSpan.FromSeconds(parsed.GetValue(_timeout) ?? DefaultTimeout));
        string? output = parsed.GetValue(_output);
        bool isResumed = parsed.GetValue(_resume);
        if (!isResumed && parsed.GetValue(_resumeIfAny))
        {
            output ??= Refuse("--resume-if-any needs the run's folder: --resume-if-any --output FOLDER.");
            isResumed = ranks.OfFirst(File.Exists(RunSettingsFile.PathIn(output)));
        }

        RunSettings settings;
        if (isResumed)
        {
            output ??= Refuse("--resume needs the run's folder: --resume --output FOLDER.");
            if (!File.Exists(RunSettingsFile.PathIn(output)))
            {
                throw new CommandException($"{output}: there is no run to go on with here (no run.json).");
            }

            RunSettings stored = RunSettingsFile.Read(output);
            settings = _options.Over(parsed, stored);
            RunSettingsFile.EnsureSame(stored, settings);
        }
        else
        {
            settings = _options.Begin(parsed);
            if (output is not null && ranks.IsFirst)
            {
                OutputFolder.RefuseRun(output);
            }
        }

        int code = new TrainingRun(terminal, ranks, output, settings, parsed.GetValue(_common.Json), cancellation).Execute(isResumed);
        ranks.Dispose();
        return code;
    }

    private static string Refuse(string message) => throw new CommandException(message, ExitCodes.Usage);
}
