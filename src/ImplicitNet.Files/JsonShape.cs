using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ImplicitNet.Files;

/// <summary>
/// Reads JSON that people may have written into a type, and says in our words what is wrong with it: the member, what it is, and what was
/// expected.
/// </summary>
internal static class JsonShape
{
    private const int LongestTold = 40;

    private static readonly string[] Behind = [" LineNumber:", " Path:"];

    private static readonly JsonDocumentOptions Strict =
        new() { AllowDuplicateProperties = false, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads a whole text.</summary>
    /// <exception cref="JsonException">It is no JSON, or not of this shape; the message is one line.</exception>
    /// <exception cref="ArgumentException">A value is out of its range; see <see cref="Line"/>.</exception>
    public static T Read<T>(string json, JsonTypeInfo<T> type)
        where T : notnull
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return Read(document.RootElement, type, "");
        }
        catch (JsonException exception) when (exception.LineNumber is { } line)
        {
            throw new JsonException(
                string.Create(CultureInfo.InvariantCulture,
                    $"line {line + 1}, byte {exception.BytePositionInLine + 1}: this is no JSON. {Reason(exception.Message)}"), exception);
        }
        catch (InvalidOperationException exception)
        {
            // A text with half of a surrogate pair (\ud800) is JSON by its grammar, but no text.
            throw new JsonException(Reason(exception.Message), exception);
        }
    }

    /// <summary>Reads one value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="type">What it should be.</param>
    /// <param name="place">The member that it is of, for messages; empty for the whole text.</param>
    /// <exception cref="JsonException">It is not of this shape; the message is one line.</exception>
    /// <exception cref="ArgumentException">A value is out of its range; see <see cref="Line"/>.</exception>
    public static T Read<T>(JsonElement value, JsonTypeInfo<T> type, string place)
        where T : notnull => (T)Read(value, (JsonTypeInfo)type, place);

    /// <summary>As the other, of a type that is known when the program runs.</summary>
    public static object Read(JsonElement value, JsonTypeInfo type, string place)
    {
        Check(value, type, place, isNullable: false);
        try
        {
            return value.Deserialize(type)!;
        }
        catch (JsonException exception)
        {
            // Nothing that is known gets here; a converter may know more than the shape.
            throw new JsonException(
                $"{Named(exception.Path?.TrimStart('$', '.') ?? place)}cannot be read. {Reason(exception.Message)}", exception);
        }
    }

    /// <summary>What an exception about a value says, in one line with the value.</summary>
    public static string Line(Exception exception)
    {
        string message = exception.Message.ReplaceLineEndings("\n").Split('\n')[0];
        int parameter = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        message = parameter < 0 ? message : message[..parameter];
        message = exception is ArgumentException { ParamName: { Length: > 0 } name }
            && !message.Contains(name, StringComparison.OrdinalIgnoreCase)
            ? $"{name}: {message}"
            : message;
        return exception is ArgumentOutOfRangeException { ActualValue: { } value }
            ? string.Create(CultureInfo.InvariantCulture, $"{message} It is {value}.")
            : message;
    }

    private static void Check(JsonElement value, JsonTypeInfo type, string place, bool isNullable)
    {
        Type plain = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (value.ValueKind == JsonValueKind.Null && (isNullable || plain != type.Type))
        {
            return;
        }

        string? expected = Expected(value, type, plain);
        if (expected is not null)
        {
            throw new JsonException($"{Named(place)}is {Told(value)}; {expected} was expected.");
        }

        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object when plain == type.Type:
                CheckMembers(value, type, place);
                break;
            case JsonTypeInfoKind.Object:
                CheckMembers(value, type.Options.GetTypeInfo(plain), place);
                break;
            case JsonTypeInfoKind.Enumerable:
                int index = 0;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Check(item, type.Options.GetTypeInfo(type.ElementType!), $"{place}[{index++}]", isNullable: false);
                }

                break;
            case JsonTypeInfoKind.Dictionary:
                foreach (JsonProperty item in value.EnumerateObject())
                {
                    Check(item.Value, type.Options.GetTypeInfo(type.ElementType!), Inner(place, item.Name), isNullable: false);
                }

                break;
        }
    }

    private static void CheckMembers(JsonElement value, JsonTypeInfo type, string place)
    {
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (type.Properties.FirstOrDefault(property => property.Name == member.Name) is { } known)
            {
                Check(member.Value, type.Options.GetTypeInfo(known.PropertyType), Inner(place, member.Name), known.IsSetNullable);
            }
            else if ((type.UnmappedMemberHandling ?? type.Options.UnmappedMemberHandling) == JsonUnmappedMemberHandling.Disallow)
            {
                throw new JsonException(
                    $"{Named(Inner(place, member.Name))}is not known; "
                    + $"expected are {string.Join(", ", type.Properties.Select(property => property.Name))}.");
            }
        }

        foreach (JsonPropertyInfo property in type.Properties)
        {
            if (property.IsRequired && !value.TryGetProperty(property.Name, out _))
            {
                string expected = Expected(default, type.Options.GetTypeInfo(property.PropertyType), property.PropertyType) ?? "a value";
                throw new JsonException($"{Named(Inner(place, property.Name))}is missing; {expected} was expected.");
            }
        }
    }

    // What was expected where a value is not that; null where it is, or where only its converter knows.
    private static string? Expected(JsonElement value, JsonTypeInfo type, Type plain)
    {
        JsonValueKind kind = value.ValueKind;
        bool isNamed = kind == JsonValueKind.String
            && (type.NumberHandling ?? type.Options.NumberHandling).HasFlag(JsonNumberHandling.AllowNamedFloatingPointLiterals);
        return type.Kind switch
        {
            JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => kind == JsonValueKind.Object ? null : "a JSON object",
            JsonTypeInfoKind.Enumerable => kind == JsonValueKind.Array ? null : "a list",
            _ when plain == typeof(string) => kind == JsonValueKind.String ? null : "a text",
            _ when plain == typeof(bool) => kind is JsonValueKind.True or JsonValueKind.False ? null : "true or false",
            _ when plain == typeof(int) => kind == JsonValueKind.Number && value.TryGetInt32(out _)
                ? null
                : $"a whole number of at most {int.MaxValue}",
            _ when plain == typeof(long) => kind == JsonValueKind.Number && value.TryGetInt64(out _)
                ? null
                : $"a whole number of at most {long.MaxValue}",
            _ when plain == typeof(double) => isNamed || (kind == JsonValueKind.Number && double.IsFinite(value.GetDouble()))
                ? null
                : "a finite number",
            _ => OfConverter(value, type),
        };
    }

    private static string? OfConverter(JsonElement value, JsonTypeInfo type)
    {
        try
        {
            return value.ValueKind != JsonValueKind.Undefined && (type.Type == typeof(JsonElement) || value.Deserialize(type) is not null)
                ? null
                : "a value";
        }
        catch (JsonException exception)
        {
            return exception.InnerException?.Message ?? Reason(exception.Message);
        }
    }

    private static string Named(string place) => place.Length == 0 ? "it " : $"member '{Short(place)}' ";

    private static string Inner(string place, string name) => place.Length == 0 ? name : $"{place}.{name}";

    private static string Told(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.String => $"the text '{Short(value.GetString()!)}'",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        _ => Short(value.GetRawText()),
    };

    private static string Short(string text)
    {
        string line = string.Concat(text.Take(LongestTold)
            .Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter));
        return text.Length > LongestTold ? line + "..." : line;
    }

    // The library names places and types behind what it says.
    private static string Reason(string message)
    {
        string line = message.ReplaceLineEndings(" ");
        int end = Behind.Select(text => line.IndexOf(text, StringComparison.Ordinal))
            .Where(place => place >= 0).DefaultIfEmpty(line.Length).Min();
        return line[..end];
    }
}
