using System.Buffers;
using System.Text;

namespace ImplicitNet.Training.Data;

/// <summary>
/// The characters of a text, in the order of their code points, each with an id: it turns text into ids and back. Immutable. A character is
/// a Unicode scalar value: an emoji is one, a letter with a combining accent two.
/// </summary>
public sealed class Vocabulary
{
    private readonly Rune[] _characters;
    private readonly Dictionary<Rune, int> _ids;

    private Vocabulary(Rune[] characters)
    {
        _characters = characters;
        _ids = characters.Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        Characters = string.Concat(characters.Select(character => character.ToString()));
    }

    /// <summary>Number of characters; ids lie below it.</summary>
    public int Count => _characters.Length;

    /// <summary>
    /// All characters in order: <see cref="Of"/> makes the same vocabulary from them. Save them together with the weights of a model.
    /// </summary>
    public string Characters { get; }

    /// <summary>Creates the vocabulary of the characters in a text.</summary>
    /// <exception cref="ArgumentException">The text is empty, or is not valid Unicode: it holds half of a character.</exception>
    public static Vocabulary Of(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        SortedSet<Rune> characters = [];
        Read(text, (character, _) => characters.Add(character));
        return new Vocabulary([.. characters]);
    }

    /// <summary>Turns a text into ids, one for each character.</summary>
    /// <exception cref="ArgumentException">
    /// A character is not in the vocabulary, or is not valid; the message names it and its position.
    /// </exception>
    public long[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<long> ids = new(text.Length);
        Read(text, (character, place) => ids.Add(_ids.TryGetValue(character, out int id)
            ? id
            : throw new ArgumentException(
                $"{Named(character)} at place {place} of the text is none of the {Count} characters of this vocabulary.", nameof(text))));
        return [.. ids];
    }

    /// <summary>Turns ids into the text.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string Decode(IEnumerable<long> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        StringBuilder text = new();
        foreach (long id in ids)
        {
            text.Append(id >= 0 && id < Count
                ? _characters[id]
                : throw new ArgumentOutOfRangeException(nameof(ids), id, $"This vocabulary has ids 0 to {Count - 1}."));
        }

        return text.ToString();
    }

    private static void Read(string text, Action<Rune, int> take)
    {
        for (int place = 0; place < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(place), out Rune character, out int length) != OperationStatus.Done)
            {
                throw new ArgumentException(
                    $"At place {place} of the text is half of a character (U+{(int)text[place]:X4}).", nameof(text));
            }

            take(character, place);
            place += length;
        }
    }

    private static string Named(Rune character) =>
        Rune.IsControl(character) || Rune.IsWhiteSpace(character) ? $"U+{character.Value:X4}" : $"'{character}' (U+{character.Value:X4})";
}
