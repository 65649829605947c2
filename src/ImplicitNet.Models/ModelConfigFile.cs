using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ImplicitNet.Files;
using ImplicitNet.Models.FixedPointNetworks;

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
        [GridSolverOptions.Name] = typeof(GridSolverOptions),
    };

    // By reflection: generated readers would set a member that the file leaves out to zero, not to its default.
    internal static readonly JsonSerializerOptions Options = Created();

    public int Format { get; init; } = 1;

    public string Architecture { get; init; } = DigitClassifierOptions.Name;

    public JsonElement Network { get; init; }

    public required string Data { get; init; }

    [DisallowNull, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChannelValues? PixelMean { get; init; }

    [DisallowNull, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChannelValues? PixelDeviation { get; init; }

    public double RelativeTolerance { get; init; } = 1e-3;

    public double AbsoluteTolerance { get; init; }

    public int MaxSteps { get; init; } = 100;

    public string Solver { get; init; } = SolverChoice.Default;

    public double Damping { get; init; } = 1;

    public int? Memory { get; init; }

    public string Gradient { get; init; } = GradientChoice.Default;

    public static ModelConfigFile Of(ModelConfig config) => new()
    {
        Architecture = config.Architecture,
        Network = JsonSerializer.SerializeToElement(config.Network, config.Network.GetType(), Options),
        Data = config.Data,
        PixelMean = config.PixelMean!,
        PixelDeviation = config.PixelDeviation!,
        RelativeTolerance = config.RelativeTolerance,
        AbsoluteTolerance = config.AbsoluteTolerance,
        MaxSteps = config.MaxSteps,
        Solver = config.Solver,
        Damping = config.Damping,
        Memory = config.Memory,
        Gradient = config.Gradient,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Options);

    /// <summary>Reads and checks a configuration.</summary>
    /// <exception cref="JsonException">No JSON, or a member is missing, unknown or of the wrong kind.</exception>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static ModelConfig Parse(string json)
    {
        ModelConfigFile file = JsonShape.Read(json, (JsonTypeInfo<ModelConfigFile>)Options.GetTypeInfo(typeof(ModelConfigFile)));
        if (file.Format != 1)
        {
            throw new JsonException($"member 'format' is {file.Format}; 1 was expected.");
        }

        NetworkOptions network = ReadNetwork(file.Architecture, file.Network);
        if (network is ClassifierOptions && (file.PixelMean is null || file.PixelDeviation is null))
        {
            string missing = file.PixelMean is null ? "pixelMean" : "pixelDeviation";
            throw new JsonException($"member '{missing}' is missing; a number or a list of numbers was expected.");
        }

        ModelConfig config = new()
        {
            Network = network,
            Data = file.Data,
            PixelMean = file.PixelMean,
            PixelDeviation = file.PixelDeviation,
            RelativeTolerance = file.RelativeTolerance,
            AbsoluteTolerance = file.AbsoluteTolerance,
            MaxSteps = file.MaxSteps,
            Solver = file.Solver,
            Damping = file.Damping,
            Memory = file.Memory,
            Gradient = file.Gradient,
        };
        _ = config.CreateSettings(); // refuses names and numbers that there are not
        config.EnsureFits(); // refuses numbers of means, deviations and channels that do not fit
        return config;
    }

    private static NetworkOptions ReadNetwork(string architecture, JsonElement network)
    {
        if (!Architectures.TryGetValue(architecture, out Type? type))
        {
            throw new JsonException($"member 'architecture' is none of {string.Join(", ", Architectures.Keys)}.");
        }

        return network.ValueKind == JsonValueKind.Undefined
            ? (NetworkOptions)Activator.CreateInstance(type)!
            : (NetworkOptions)JsonShape.Read(network, Options.GetTypeInfo(type), "network");
    }

    private static JsonSerializerOptions Created()
    {
        JsonSerializerOptions options = new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            WriteIndented = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            RespectNullableAnnotations = true,
            ReadCommentHandling = JsonCommentHandling.Skip,
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
