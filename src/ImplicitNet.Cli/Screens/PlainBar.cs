using System.Diagnostics;
using System.Globalization;

namespace ImplicitNet.Cli.Screens;

/// <summary>Writes a line now and then, for logs.</summary>
internal sealed class PlainBar(TextWriter output) : Bar
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private long _last = Stopwatch.GetTimestamp();

    public override void Show(double share, Func<string> text)
    {
        if (Stopwatch.GetElapsedTime(_last) < Interval)
        {
            return;
        }

        _last = Stopwatch.GetTimestamp();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {100 * share,3:0} %  {VisibleText.Of(text())}"));
    }
}
