using System.Text.Json.Serialization;

namespace ImplicitNet.Cli;

/// <summary>Reads and writes results without reflection, in one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ClassifierResult))]
[JsonSerializable(typeof(AuditResult))]
[JsonSerializable(typeof(PredictionResult))]
[JsonSerializable(typeof(InfoResult))]
internal sealed partial class ResultJson : JsonSerializerContext;
