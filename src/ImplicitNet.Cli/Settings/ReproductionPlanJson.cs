using System.Text.Json.Serialization;

namespace ImplicitNet.Cli.Settings;

/// <summary>Reads and writes plans without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower,
    WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ReproductionPlanFile))]
internal sealed partial class ReproductionPlanJson : JsonSerializerContext;
