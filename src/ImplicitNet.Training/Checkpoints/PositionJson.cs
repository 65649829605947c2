using System.Text.Json.Serialization;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>Reads and writes positions without reflection; numbers keep all their bits, NaN and infinity included.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainingPosition))]
internal sealed partial class PositionJson : JsonSerializerContext;
