using System.CommandLine;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;

namespace ImplicitNet.Cli.Commands;

/// <summary>export: a model's weights for PyTorch.</summary>
internal sealed class ExportCommand(Terminal terminal)
{
    private readonly Option<string> _model = ModelOption.Create();
    private readonly Option<string> _file =
        new("--pytorch") { Description = "File to write: a state dictionary that torch.load reads.", HelpName = "file", Required = true };

    public Command Create()
    {
        Command command = new("export", "Write a model's weights as a PyTorch state dictionary.") { _model, _file };
        command.SetAction(Run);
        HelpWithExamples.AddTo(command, "implicitnet export --model runs/paper --pytorch paper.pth");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string file = parsed.GetRequiredValue(_file);
        SavedModel model = SavedModel.In(parsed.GetRequiredValue(_model));
        if (model.Config is FlowModelConfig)
        {
            throw new CommandException(
                $"{model.Folder} is a model with a flow, and there is no published form of one. Its weights are in "
                + $"{ModelFolder.WeightsPath(model.Folder)}, which safetensors.torch.load_file reads.", ExitCodes.Usage);
        }

        ModelConfig config = model.FixedPoints;
        using ImplicitNetwork network = model.LoadImplicit();
        using OutputFolder? hold = HoldsRun(file) is { } folder ? OutputFolder.Take(folder) : null;
        PublishedWeights.Write(file, network);
        ResultScreen.Row(terminal, "network", RunKinds.Of(config.Network).Network(config));
        ResultScreen.Row(terminal, "written", file);
        if (config.Network is not (MnistFpnOptions or SvhnFpnOptions or CifarFpnOptions))
        {
            string which = RunKinds.Of(config.Network) is ImplicitImages ? "this is the clean one" : "this network has none";
            terminal.Say($"  [grey]For PyTorch: import reads the published form only, and {which}. The commands here take the model's "
                + "folder.[/]", hanging: 2);
        }

        return ExitCodes.Success;
    }

    /// <summary>The file's folder where it is that of a run or a model; elsewhere many may write.</summary>
    private static string? HoldsRun(string file) =>
        Path.GetDirectoryName(file) is { } folder && OutputFolder.HoldsRun(folder) ? (folder.Length == 0 ? "." : folder) : null;
}
