using System.Text.Json;
using System.Text.Json.Serialization;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Models;

/// <summary>
/// <c>config.json</c>, member by member: camel case, indented, unknown members refused. The name of the architecture says
/// what the members of the network are.
/// </summary>
internal sealed record ModelConfigFile
{
    private static readonly Dictionary<string, Type> Architectures = new()
    {
        [DigitClassifierOptions.Name] = typeof(DigitClassifierOptions),
        [MnistFpnOptions.Name] = typeof(MnistFpnOptions),
        [SvhnFpnOptions.Name] = typeof(SvhnFpnOptions),
        [ContractiveSvhnFpnOptions.Name] = typeof(ContractiveSvhnFpnOptions),
        [CifarFpnOptions.Name] = typeof(CifarFpnOptions),
        [ContractiveCifarFpnOptions.Name] = typeof(ContractiveCifarFpnOptions),
    };

    // By reflection: generated readers would set a member that the file leaves out to zero, not to its default.
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    public int Format { get; init; } = 1;

    public string Architecture { get; init; } = DigitClassifierOptions.Name;

    public JsonElement Network { get; init; }

    public required string Data { get; init; }

    public required ChannelValues PixelMean { get; init; }

    public required ChannelValues PixelDeviation { get; init; }

    public double RelativeTolerance { get; init; } = 1e-3;

    public int MaxSteps { get; init; } = 100;

    public static ModelConfigFile Of(ModelConfig config) => new()
    {
        Architecture = config.Architecture,
        Network = JsonSerializer.SerializeToElement(config.Network, config.Network.GetType(), Options),
        Data = config.Data,
        PixelMean = config.PixelMean,
        PixelDeviation = config.PixelDeviation,
        RelativeTolerance = config.RelativeTolerance,
        MaxSteps = config.MaxSteps,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Options);

    /// <summary>Reads and checks a configuration.</summary>
    /// <exception cref="JsonException">No JSON, or a member is missing, unknown or of the wrong kind.</exception>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static ModelConfig Parse(string json)
    {
        ModelConfigFile file = JsonSerializer.Deserialize<ModelConfigFile>(json, Options)
            ?? throw new JsonException("it holds null; a JSON object was expected.");
        if (file.Format != 1)
        {
            throw new JsonException($"Format must be 1; it is {file.Format}.");
        }

        ModelConfig config = new()
        {
            Network = ReadNetwork(file.Architecture, file.Network),
            Data = file.Data,
            PixelMean = file.PixelMean,
            PixelDeviation = file.PixelDeviation,
            RelativeTolerance = file.RelativeTolerance,
            MaxSteps = file.MaxSteps,
        };
        _ = config.Normalization; // refuses numbers of means, deviations and channels that do not fit
        return config;
    }

    private static ClassifierOptions ReadNetwork(string architecture, JsonElement network)
    {
        if (!Architectures.TryGetValue(architecture, out Type? type))
        {
            throw new JsonException($"Architecture must be one of {string.Join(", ", Architectures.Keys)}; it is {architecture}.");
        }

        try
        {
            return network.ValueKind switch
            {
                JsonValueKind.Undefined => (ClassifierOptions)Activator.CreateInstance(type)!,
                JsonValueKind.Null => throw new JsonException("it is null; a JSON object was expected."),
                _ => (ClassifierOptions)network.Deserialize(type, Options)!,
            };
        }
        catch (JsonException exception)
        {
            throw new JsonException($"network: {exception.Message}", exception);
        }
    }
}
