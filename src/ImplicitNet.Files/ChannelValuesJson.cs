using System.Text.Json;
using System.Text.Json.Serialization;

namespace ImplicitNet.Files;

/// <summary>Reads and writes a number, or a list of numbers where there are several.</summary>
internal sealed class ChannelValuesJson : JsonConverter<ChannelValues>
{
    /// <summary>Reads a number or a list of them.</summary>
    /// <exception cref="JsonException">It is neither, or an empty list; the message is what was expected.</exception>
    public override ChannelValues Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.GetDouble();
        }

        List<double> values = [];
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.Number)
            {
                values.Add(reader.GetDouble());
            }
        }

        return reader.TokenType == JsonTokenType.EndArray && values.Count > 0
            ? [.. values]
            : throw new JsonException("a number or a list of numbers");
    }

    /// <summary>Writes a number where there is one, else a list.</summary>
    public override void Write(Utf8JsonWriter writer, ChannelValues value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        if (value.Count == 1)
        {
            writer.WriteNumberValue(value[0]);
            return;
        }

        writer.WriteStartArray();
        foreach (double number in value)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }
}
