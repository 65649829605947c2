using System.Text.Json.Serialization;
using ImplicitNet.Reports.Comparisons;

namespace ImplicitNet.Cli;

/// <summary>Reads and writes results without reflection, in one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunResult))]
[JsonSerializable(typeof(ApplicationResult))]
[JsonSerializable(typeof(AuditResult))]
[JsonSerializable(typeof(PredictionResult))]
[JsonSerializable(typeof(MazeResult))]
[JsonSerializable(typeof(InfoResult))]
[JsonSerializable(typeof(SolveResult))]
[JsonSerializable(typeof(ProblemTableResult))]
[JsonSerializable(typeof(ComparisonResult))]
[JsonSerializable(typeof(MemoryMeasurement[]))]
[JsonSerializable(typeof(ReproductionResult))]
[JsonSerializable(typeof(FlowPrediction))]
[JsonSerializable(typeof(RestorationResult))]
internal sealed partial class ResultJson : JsonSerializerContext;
