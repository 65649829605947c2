using System.Text;
using System.Text.Json.Nodes;

namespace ImplicitNet.Fuzz.Formats;

/// <summary>Changes a JSON text in its structure: members, kinds of values, numbers at the edge.</summary>
internal static class JsonMutation
{
    private const int Deep = 5000;

    public static byte[] Of(FuzzRandom random, string json)
    {
        JsonNode root = JsonNode.Parse(json)!;
        for (int change = random.Small(4); change > 0; change--)
        {
            List<(JsonNode Parent, string Name)> places = [];
            Collect(root, places);
            if (places.Count == 0)
            {
                break;
            }

            (JsonNode parent, string name) = random.Of(places);
            if (parent is JsonObject holder)
            {
                switch (random.Below(4))
                {
                    case 0: holder.Remove(name); break;
                    case 1: holder[random.Text(12)] = Value(random); break;
                    default: holder[name] = Value(random); break;
                }
            }
            else if (parent is JsonArray list)
            {
                list[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)] = Value(random);
            }
        }

        string text = root.ToJsonString();
        text = random.Below(40) switch
        {
            0 => text.Insert(text.IndexOf('{') + 1, "\"data\":1,\"data\":2,"),
            1 => string.Concat(Enumerable.Repeat(random.Of("[", "{\"a\":"), random.Between(1, Deep))) + text,
            2 => text.Replace("}", ",}", StringComparison.Ordinal),
            3 => '\uFEFF' + text,
            4 => text.Replace("1", "1" + new string('0', random.Small(400)), StringComparison.Ordinal),
            5 => text + text,
            6 => text.Replace(":", ": /* " + random.Text(5) + " */", StringComparison.Ordinal),
            _ => text,
        };
        return random.Damaged(Encoding.UTF8.GetBytes(text), 6);
    }

    private static JsonNode? Value(FuzzRandom random) => random.Below(9) switch
    {
        0 => null,
        1 => random.OneIn(2),
        2 => random.Text(30),
        3 => random.Share(),
        4 => random.Of("NaN", "Infinity", "-1", ""),
        5 => new JsonArray(random.Edge(), random.Share(), random.Text(3)),
        6 => new JsonObject { [random.Text(4)] = random.Edge() },
        7 => random.Of(1e308, -1e308, 5e-324, 0.5, -0.0),
        _ => random.Edge(),
    };

    private static void Collect(JsonNode? node, List<(JsonNode, string)> places)
    {
        switch (node)
        {
            case JsonObject holder:
                foreach ((string name, JsonNode? inner) in holder)
                {
                    places.Add((holder, name));
                    Collect(inner, places);
                }

                break;
            case JsonArray list:
                for (int i = 0; i < list.Count; i++)
                {
                    places.Add((list, i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
                    Collect(list[i], places);
                }

                break;
        }
    }
}
