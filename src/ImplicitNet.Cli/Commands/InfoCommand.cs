using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Kernels.Winograd;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.History;
using TorchSharp;

namespace ImplicitNet.Cli.Commands;

/// <summary>info: about a model, or about the machine.</summary>
internal sealed class InfoCommand(Terminal terminal)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Option<string> _model = ModelOption.Create(isRequired: false);
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object." };

    public Command Create()
    {
        Command command = new("info", "Tell about a model; without one, about versions, threads, devices and MPI.") { _model, _json };
        command.SetAction(Run);
        HelpWithExamples.AddTo(command, "implicitnet info", "implicitnet info --model runs/digits-20260131-180000");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        (MpiLibrary? library, int ranks) = Connection();
        InfoResult result = new()
        {
            MpiLibrary = library is null ? null : $"{library.Name} ({library.File})",
            MpiAbi = library?.Abi.Name,
            Ranks = ranks,
            Environment = RunEnvironment.Describe().ToDictionary(),
            Threads = torch.get_num_threads(),
            Devices = torch.cuda.is_available() ? DeviceChoice.Names : [DeviceChoice.Processor],
            Convolutions = WinogradConvolution.InUse,
        };
        if (parsed.GetValue(_model) is { } folder)
        {
            result = Describe(folder, result);
        }
        else if (!parsed.GetValue(_json))
        {
            ShowMachine(result);
        }

        if (parsed.GetValue(_json))
        {
            terminal.Raw(JsonSerializer.Serialize(result, ResultJson.Default.InfoResult));
        }

        return ExitCodes.Success;

        InfoResult Describe(string path, InfoResult machine)
        {
            SavedModel saved = SavedModel.In(path);
            NetworkConfig config = saved.Config;
            using torch.nn.Module<torch.Tensor, torch.Tensor> network = saved.LoadNetwork();
            IContraction? contraction = (network as ImplicitNetwork)?.Layer.Operator as IContraction;
            Monotonicity monotone = Monotonicity.Of(network);
            InfoResult model = machine with
            {
                Model = path,
                Config = JsonNode.Parse(config.ToJson()),
                Parameters = network.parameters().Sum(parameter => parameter.numel()),
                GammaDeclared = contraction?.DeclaredFactor,
                GammaCertified = contraction?.CertifyFactor(),
                GammaNorm = contraction?.Norm.ToString(),
                MonotonicityDeclared = monotone.Declared,
                MonotonicityCertified = monotone.Certified,
                LipschitzBound = monotone.LipschitzBound,
                Sha256 = SafetensorsHeader.Read(ModelFolder.WeightsPath(path)).Metadata.GetValueOrDefault(SafetensorsChecksum.Key),
            };
            if (!parsed.GetValue(_json))
            {
                ShowModel(model, config, network);
            }

            return model;
        }
    }

    private void ShowMachine(InfoResult result)
    {
        foreach ((string name, string value) in result.Environment)
        {
            // A name of the result, which stays; people know the product.
            ResultScreen.Row(terminal, name == "ImplicitNet.Training" ? "ImplicitNet" : name, value);
        }

        ResultScreen.Row(terminal, "Threads", Display.Count(result.Threads));
        ResultScreen.Row(terminal, "Devices", string.Join(", ", result.Devices));
        ResultScreen.Row(terminal, "Convolutions", result.Convolutions);
        ResultScreen.Row(
            terminal,
            "MPI",
            result.MpiLibrary ?? "none",
            result.MpiAbi is { } abi ? $"the ABI of {abi}; {Display.Counted(result.Ranks, "rank")}" : "");
    }

    /// <summary>The MPI library, and how many ranks it joins here; without a launcher of several it is not initialised.</summary>
    private static (MpiLibrary? Library, int Ranks) Connection()
    {
        Launcher launcher = Launcher.OfProcess;
        if (launcher.MayBeOfSeveral)
        {
            Collective ranks = Mpi.Join(Patience);
            ranks.Dispose();
            return ((ranks as Mpi)?.Library, ranks.Size);
        }

        try
        {
            return (MpiLibrary.Load(launcher), 1);
        }
        catch (CollectiveException)
        {
            return (null, 1);
        }
    }

    private void ShowModel(InfoResult result, NetworkConfig config, torch.nn.Module network)
    {
        string tolerance = $"tolerance {Display.Number(config.RelativeTolerance, "0.########")}";
        string steps = $"{config.MaxSteps} steps at most";
        if (config is ModelConfig own)
        {
            ShowNetwork(own);
            ResultScreen.Contraction(
                terminal, result.GammaCertified, $"{Display.Factor(result.GammaDeclared)} declared", result.GammaNorm);
            ResultScreen.Monotone(terminal, new(result.MonotonicityDeclared, result.MonotonicityCertified, result.LipschitzBound));
            ResultScreen.Row(terminal, "solve", tolerance, steps);
            ResultScreen.Row(terminal, "solver", own.Solver, $"gradient {own.Gradient}");
        }
        else
        {
            FlowModelConfig flow = (FlowModelConfig)config;
            string zeros = Display.Counted(flow.Network.Zeros, "zero");
            ResultScreen.Row(terminal, "network", config.Architecture, $"{zeros} appended; trained on {config.Data}");
            ResultScreen.Row(
                terminal,
                "flow",
                $"{flow.Method}, {tolerance} and absolute {Display.Number(config.AbsoluteTolerance, "0.########")}",
                steps);
        }

        ResultScreen.Row(terminal, "sha256", result.Sha256 ?? "no checksum", result.Sha256 is null ? "" : "checked");
        ResultScreen.Row(terminal, "parameters", Display.Count(result.Parameters ?? 0));
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in network.named_parameters())
        {
            ResultScreen.Row(terminal, "", $"{Display.Count(parameter.numel()),8}", $"{name} [{string.Join(", ", parameter.shape)}]");
        }
    }

    private void ShowNetwork(ModelConfig config)
    {
        string form = config.Network.Explicit ? "; explicit twin" : "";
        if (config.Network is not ClassifierOptions sizes)
        {
            string name = config.Network is RestorationOptions or TextModelOptions
                ? RunKinds.Of(config.Network).Network(config) : config.Architecture;
            ResultScreen.Row(terminal, "network", name, $"trained on {config.Data}{form}");
            return;
        }

        string images = string.Join(" and ", sizes.LatentSizes.Select(size => $"{size.Height} x {size.Width}"));
        string factor = sizes is ScaledClassifierOptions scaled ? $"; gamma {Display.Number(scaled.Gamma, "0.###")}" : "";
        ResultScreen.Row(
            terminal,
            "network",
            RunKinds.Of(config.Network).Network(config),
            $"{sizes.LatentShape.Channels} latent channels of {images}{factor}{form}");
        ResultScreen.Row(
            terminal,
            "images",
            $"{sizes.Height} x {sizes.Width} x {sizes.ImageChannels}",
            $"in {sizes.Classes} classes; trained on {config.Data}");
    }
}
