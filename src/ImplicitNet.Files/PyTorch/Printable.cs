using System.Text;

namespace ImplicitNet.Files.PyTorch;

/// <summary>A text of a file as it may stand in a message: one line of bearable length.</summary>
internal static class Printable
{
    private const int Longest = 100;

    public static string Of(string text)
    {
        StringBuilder line = new();
        foreach (char letter in text.AsSpan(0, Math.Min(text.Length, Longest)))
        {
            line.Append(char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter);
        }

        return text.Length > Longest ? $"'{line}...'" : $"'{line}'";
    }
}
