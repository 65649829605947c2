using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ImplicitNet.Files;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Models.Flows;

namespace ImplicitNet.Models;

/// <summary>
/// Reads <c>config.json</c>: the name of the architecture says which members there are, and what those of the network are.
/// </summary>
internal static class ConfigReader
{
    private static readonly Dictionary<string, Type> Architectures = new()
    {
        [DigitClassifierOptions.Name] = typeof(DigitClassifierOptions),
        [MnistFpnOptions.Name] = typeof(MnistFpnOptions),
        [SvhnFpnOptions.Name] = typeof(SvhnFpnOptions),
        [ContractiveSvhnFpnOptions.Name] = typeof(ContractiveSvhnFpnOptions),
        [CifarFpnOptions.Name] = typeof(CifarFpnOptions),
        [ContractiveCifarFpnOptions.Name] = typeof(ContractiveCifarFpnOptions),
        [MonotoneClassifierOptions.Name] = typeof(MonotoneClassifierOptions),
        [WellPosedClassifierOptions.Name] = typeof(WellPosedClassifierOptions),
        [MultiscaleClassifierOptions.Name] = typeof(MultiscaleClassifierOptions),
        [RobustClassifierOptions.Name] = typeof(RobustClassifierOptions),
        [GridSolverOptions.Name] = typeof(GridSolverOptions),
        [RestorationOptions.Name] = typeof(RestorationOptions),
        [TextModelOptions.Name] = typeof(TextModelOptions),
        [NeuralOdeOptions.Name] = typeof(NeuralOdeOptions),
        [ConvolutionalOdeOptions.Name] = typeof(ConvolutionalOdeOptions),
        [SeriesForecasterOptions.Name] = typeof(SeriesForecasterOptions),
    };

    /// <summary>Reads and checks a configuration.</summary>
    /// <exception cref="JsonException">No JSON, or a member is missing, unknown or of the wrong kind.</exception>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static NetworkConfig Parse(string json)
    {
        NetworkConfigFile file = typeof(FlowNetworkOptions).IsAssignableFrom(Architectures.GetValueOrDefault(Name(json) ?? ""))
            ? Read<FlowConfigFile>(json)
            : Read<ModelConfigFile>(json);
        if (file.Format != 1)
        {
            throw new JsonException($"member 'format' is {file.Format}; 1 was expected.");
        }

        NetworkOptions network = ReadNetwork(file.Architecture, file.Network);
        if (network.Images is not null && (file.PixelMean is null || file.PixelDeviation is null))
        {
            string missing = file.PixelMean is null ? "pixelMean" : "pixelDeviation";
            throw new JsonException($"member '{missing}' is missing; a number or a list of numbers was expected.");
        }

        NetworkConfig config = file is ModelConfigFile own
            ? Implicit(own, (ImplicitNetworkOptions)network)
            : new FlowModelConfig { Network = (FlowNetworkOptions)network, Data = file.Data, Method = ((FlowConfigFile)file).Method };
        config = config with
        {
            PixelMean = file.PixelMean,
            PixelDeviation = file.PixelDeviation,
            RelativeTolerance = file.RelativeTolerance,
            AbsoluteTolerance = file.AbsoluteTolerance,
            MaxSteps = file.MaxSteps,
        };
        config.EnsureFits(); // refuses numbers of means, deviations and channels that do not fit
        return config;
    }

    private static ModelConfig Implicit(ModelConfigFile file, ImplicitNetworkOptions network)
    {
        ModelConfig config = new()
        {
            Network = network,
            Data = file.Data,
            Solver = file.Solver ?? network.DefaultSolver,
            Damping = file.Damping,
            Memory = file.Memory,
            Gradient = file.Gradient,
        };
        _ = config.CreateSettings(); // refuses names and numbers that there are not
        return config;
    }

    /// <summary>The name of the architecture; null where it cannot be read, which the reader tells better.</summary>
    private static string? Name(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("architecture", out JsonElement name) && name.ValueKind == JsonValueKind.String
                ? name.GetString()
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static T Read<T>(string json)
        where T : notnull => JsonShape.Read(json, (JsonTypeInfo<T>)NetworkConfigFile.Options.GetTypeInfo(typeof(T)));

    private static NetworkOptions ReadNetwork(string architecture, JsonElement network)
    {
        if (!Architectures.TryGetValue(architecture, out Type? type))
        {
            throw new JsonException($"member 'architecture' is none of {string.Join(", ", Architectures.Keys)}.");
        }

        return network.ValueKind == JsonValueKind.Undefined
            ? (NetworkOptions)Activator.CreateInstance(type)!
            : (NetworkOptions)JsonShape.Read(network, NetworkConfigFile.Options.GetTypeInfo(type), "network");
    }
}
