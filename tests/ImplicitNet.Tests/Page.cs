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

    [GeneratedRegex("<t[dh][^>]*>(.*?)</t[dh]>")]
    private static partial Regex Cell();
}
