using System.Text.Json;
using System.Text.Json.Serialization;

namespace ImplicitNet.Models;

/// <summary>A list of numbers that is a plain number in JSON when it has one: as files were before there were colours.</summary>
internal sealed class OneOrMoreConverter : JsonConverter<IReadOnlyList<double>>
{
    // More than any image has channels; a list in a damaged file ends here.
    private const int Most = 1024;

    // Exceptions without a message get one that names the member.
    public override IReadOnlyList<double> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            return [reader.GetDouble()];
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException();
        }

        List<double> numbers = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.Number && numbers.Count < Most)
        {
            numbers.Add(reader.GetDouble());
        }

        return reader.TokenType == JsonTokenType.EndArray ? numbers : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<double> value, JsonSerializerOptions options)
    {
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
