using System.CommandLine;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;

namespace ImplicitNet.Cli.Commands;

/// <summary>import: a weight file of the published code, as a model of ours.</summary>
internal sealed class ImportCommand(Terminal terminal)
{
    private readonly Argument<string> _file = new("file") { Description = "File that torch.save wrote (.pth).", HelpName = "file" };
    private readonly Option<string?> _network = ChoiceOption.Create(
        "--network",
        "Network that the weights are for; cifar10-fpn-small is the one for images that are not augmented.",
        PublishedNetworkChoice.Names);
    private readonly Option<double?> _gamma =
        RunSetting.Option<double?>(nameof(RunSettings.Gamma), "Factor gamma that it was trained with, which the file does not tell.");
    private readonly Option<bool> _explicit =
        new("--explicit") { Description = "The weights are of the explicit twin, which applies R once." };
    private readonly Option<string?> _entry = new("--entry")
    {
        Description = "Where in the file the weights are, such as model (default: "
        + "the one place where there are any).",
        HelpName = "place"
    };
    private readonly Option<string> _output =
        new("--output", "-o") { Description = "Folder for the model.", HelpName = "folder", Required = true };

    public Command Create()
    {
        _network.Required = true;
        _gamma.Required = true;
        Command command = new("import", "Make a model from a PyTorch weight file of the published "
            + "networks.") { _file, _network, _gamma, _explicit, _entry, _output };
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet import MNIST_FPN_weights_99.36.pth --network mnist-fpn --gamma 0.95 --output runs/paper",
            "implicitnet import twin.pth --network svhn-fpn --gamma 0.9 --explicit --output runs/twin");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string file = parsed.GetRequiredValue(_file);
        string name = parsed.GetRequiredValue(_network)!;
        double gamma = parsed.GetRequiredValue(_gamma)!.Value;
        string output = parsed.GetRequiredValue(_output);
        RefuseModel(output);

        (ImplicitNetwork network, ModelConfig config) = PublishedWeights.Read(
            file, layers => PublishedNetworkChoice.Describe(name, layers, gamma, parsed.GetValue(_explicit)), parsed.GetValue(_entry));
        using ImplicitNetwork owned = network;
        using OutputFolder hold = OutputFolder.Take(output);
        RefuseModel(output);
        ModelFolder.Save(output, config, network);
        string form = config.Network.Explicit ? "explicit twin" : "implicit";
        ResultScreen.Row(terminal, "network", name, $"{form}, gamma {Display.Number(gamma, "0.####")}");
        ResultScreen.Row(terminal, "parameters", Display.Count(network.parameters().Sum(parameter => parameter.numel())));
        ResultScreen.Row(terminal, "weights", ModelFolder.WeightsPath(output));
        ResultScreen.Row(terminal, "configuration", ModelFolder.ConfigPath(output));
        return ExitCodes.Success;
    }

    private static void RefuseModel(string folder)
    {
        // Weights without a configuration, and a lock that nobody holds: an import was killed between the two.
        bool isUnfinished = OutputFolder.IsLeftBehind(folder) && !File.Exists(ModelFolder.ConfigPath(folder));
        if (OutputFolder.HoldsRun(folder) && !(isUnfinished && OutputFolder.HoldsOnlyWeights(folder)))
        {
            throw new CommandException($"{folder}: the folder holds a model; name another --output.");
        }
    }
}
