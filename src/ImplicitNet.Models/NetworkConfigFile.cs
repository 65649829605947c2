using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using ImplicitNet.Files;

namespace ImplicitNet.Models;

/// <summary>
/// <c>config.json</c>, member by member: camel case, indented, unknown members refused. Those of every network; leaves have those of one
/// kind.
/// </summary>
internal abstract record NetworkConfigFile
{
    // By reflection: generated readers would set a member that the file leaves out to zero, not to its default.
    public static readonly JsonSerializerOptions Options = Created();

    private protected NetworkConfigFile(double absoluteTolerance, int maxSteps) =>
        (AbsoluteTolerance, MaxSteps) = (absoluteTolerance, maxSteps);

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

    public int MaxSteps { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, GetType(), Options);

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
