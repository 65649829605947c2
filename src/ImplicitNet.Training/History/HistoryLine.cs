using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace ImplicitNet.Training.History;

/// <summary>One history record as a line of JSON, such as {"kind":"epoch","step":600,"Epoch":1,"TrainLoss":0.31}.</summary>
/// <remarks>JSON has no number for NaN and infinity; they are the texts "NaN", "Infinity" and "-Infinity".</remarks>
internal static class HistoryLine
{
    private const string KindName = "kind";
    private const string StepName = "step";

    /// <summary>The record's line in UTF-8, with its line end.</summary>
    public static ReadOnlyMemory<byte> Format(HistoryRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString(KindName, record.Kind);
            json.WriteNumber(StepName, record.Step);
            foreach ((string name, double value) in record.Values)
            {
                if (name is KindName or StepName)
                {
                    throw new ArgumentException($"A value cannot have the name '{name}': every record has that already.", nameof(record));
                }

                if (double.IsFinite(value))
                {
                    json.WriteNumber(name, value);
                }
                else
                {
                    json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
                }
            }

            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }

    /// <summary>Reads a line; false where it is not a record.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> line, out HistoryRecord? record)
    {
        record = null;
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 2 });
            string? kind = null;
            long? step = null;
            Dictionary<string, double> values = [];
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                switch (property.Name)
                {
                    case KindName:
                        kind = property.Value.GetString();
                        break;
                    case StepName:
                        step = property.Value.GetInt64();
                        break;
                    default:
                        values[property.Name] = property.Value.ValueKind == JsonValueKind.String
                            ? double.Parse(property.Value.GetString()!, CultureInfo.InvariantCulture)
                            : property.Value.GetDouble();
                        break;
                }
            }

            record = kind is not null && step is { } known ? new HistoryRecord(kind, known, values) : null;
            return record is not null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }
}
