using System.Net;
using System.Text.RegularExpressions;

namespace ImplicitNet.Tests;

/// <summary>A page as it was written: what stands in it, to be held against what was measured.</summary>
internal sealed partial class Page(string html)
{
    /// <summary>The first paragraph.</summary>
    public string Summary => WebUtility.HtmlDecode(SummaryText().Match(html).Groups[1].Value);

    /// <summary>Its charts.</summary>
    public int Charts => Regex.Count(html, "<figure");

    /// <summary>Its small pictures: what is said for those who cannot see them, what stands below, whether it is marked as wrong, the PNG.</summary>
    public (string Description, string[] Lines, bool IsWrong, byte[] Png)[] Pictures => [.. Picture().Matches(html).Select(match => (
        WebUtility.HtmlDecode(match.Groups[2].Value),
        Regex.Matches(match.Groups[4].Value, "<span>(.*?)</span>").Select(line => WebUtility.HtmlDecode(line.Groups[1].Value)).ToArray(),
        match.Groups[1].Value.Length > 0,
        Convert.FromBase64String(match.Groups[3].Value)))];

    /// <summary>The paragraphs of a section.</summary>
    public string Text(string section) => WebUtility.HtmlDecode(html.Split($"<h2>{section}</h2>")[1].Split("<p>")[1].Split("</p>")[0]);

    public static Page Read(string path) => new(File.ReadAllText(path));

    /// <summary>The cells of a column of the table of a section.</summary>
    public string[] Column(string section, string name)
    {
        string table = html.Split($"<h2>{section}</h2>")[1].Split("</table>")[0];
        string[][] rows = [.. table.Split("<tr>").Skip(1).Select(row => Cell().Matches(row).Select(cell => WebUtility.HtmlDecode(cell.Groups[1].Value)).ToArray())];
        int column = Array.IndexOf(rows[0], name);
        return [.. rows.Skip(1).Select(row => row[column])];
    }

    [GeneratedRegex(@"</h1>\n<p>(.*?)</p>", RegexOptions.Singleline)]
    private static partial Regex SummaryText();

    [GeneratedRegex("<li( class=\"wrong\")?><img alt=\"(.*?)\" src=\"data:image/png;base64,(.*?)\">(.*?)</li>")]
    private static partial Regex Picture();

    [GeneratedRegex("<t[dh][^>]*>(.*?)</t[dh]>")]
    private static partial Regex Cell();
}
