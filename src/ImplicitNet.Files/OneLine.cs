namespace ImplicitNet.Files;

/// <summary>
/// A message as one line of bearable length: names in files, and paths, may hold line breaks and other controls, and be long.
/// </summary>
internal static class OneLine
{
    private const int Longest = 3000;

    public static string Of(string text)
    {
        string bearable = text.Length > Longest ? text[..Longest] + "..." : text;
        return bearable.Any(char.IsControl) ? string.Concat(bearable.Select(letter => char.IsControl(letter) ? ' ' : letter)) : bearable;
    }
}
