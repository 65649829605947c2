using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ImplicitNet.Files;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// <c>config.json</c> of a network with a flow, member by member: camel case, indented, unknown members refused. The name of the
/// architecture says what the members of the network are.
/// </summary>
internal sealed record FlowConfigFile
{
    private static readonly Dictionary<string, Type> Architectures = new()
    {
        [NeuralOdeOptions.Name] = typeof(NeuralOdeOptions),
        [ConvolutionalOdeOptions.Name] = typeof(ConvolutionalOdeOptions),
        [SeriesForecasterOptions.Name] = typeof(SeriesForecasterOptions),
    };

    public int Format { get; init; } = 1;

    public required string Architecture { get; init; }

    public JsonElement Network { get; init; }

    public required string Data { get; init; }

    public double RelativeTolerance { get; init; } = 1e-3;

    public double AbsoluteTolerance { get; init; } = 1e-3;

    public int MaxSteps { get; init; } = 1_000;

    /// <summary>Whether a configuration is of a network with a flow; false where it cannot be read, which others tell better.</summary>
    public static bool IsMeant(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("architecture", out JsonElement name)
                && name.ValueKind == JsonValueKind.String && Architectures.ContainsKey(name.GetString()!);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public static string Write(FlowModelConfig config)
    {
        config.Network.EnsureFits();
        return JsonSerializer.Serialize(
            new FlowConfigFile
            {
                Architecture = config.Network.Architecture,
                Network = JsonSerializer.SerializeToElement(config.Network, config.Network.GetType(), ModelConfigFile.Options),
                Data = config.Data,
                RelativeTolerance = config.RelativeTolerance,
                AbsoluteTolerance = config.AbsoluteTolerance,
                MaxSteps = config.MaxSteps,
            },
            ModelConfigFile.Options);
    }

    /// <summary>Reads and checks a configuration.</summary>
    /// <exception cref="JsonException">No JSON, or a member is missing, unknown or of the wrong kind.</exception>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static FlowModelConfig Parse(string json)
    {
        FlowConfigFile file = JsonShape.Read(
            json, (JsonTypeInfo<FlowConfigFile>)ModelConfigFile.Options.GetTypeInfo(typeof(FlowConfigFile)));
        if (file.Format != 1)
        {
            throw new JsonException($"member 'format' is {file.Format}; 1 was expected.");
        }

        if (!Architectures.TryGetValue(file.Architecture, out Type? type))
        {
            throw new JsonException($"member 'architecture' is none of {string.Join(", ", Architectures.Keys)}.");
        }

        FlowNetworkOptions network = file.Network.ValueKind == JsonValueKind.Undefined
            ? (FlowNetworkOptions)Activator.CreateInstance(type)!
            : (FlowNetworkOptions)JsonShape.Read(file.Network, ModelConfigFile.Options.GetTypeInfo(type), "network");
        network.EnsureFits();
        return new FlowModelConfig
        {
            Network = network,
            Data = file.Data,
            RelativeTolerance = file.RelativeTolerance,
            AbsoluteTolerance = file.AbsoluteTolerance,
            MaxSteps = file.MaxSteps,
        };
    }
}
