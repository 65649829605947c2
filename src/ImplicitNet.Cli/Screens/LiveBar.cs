using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>A bar at the lower end of a terminal, gone when the work is done; lines written meanwhile appear above it.</summary>
internal sealed class LiveBar : Bar
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly LiveDisplayContext _display;
    private readonly int _width;
    private readonly long _begin = Stopwatch.GetTimestamp();
    private double? _firstShare;
    private long _last;

    private LiveBar(LiveDisplayContext display, int width) => (_display, _width) = (display, width);

    public static T Run<T>(IAnsiConsole console, Func<Bar, T> work) =>
        console.Live(new Text("")).AutoClear(true).Start(display => work(new LiveBar(display, console.Profile.Width)));

    public override void Show(double share, Func<string> text)
    {
        _firstShare ??= share;
        if (_last != 0 && Stopwatch.GetElapsedTime(_last) < Interval)
        {
            return;
        }

        _last = Stopwatch.GetTimestamp();
        _display.UpdateTarget(Draw(Math.Clamp(share, 0, 1), VisibleText.Of(text())));
    }

    private Markup Draw(double share, string text)
    {
        int cells = Math.Clamp(_width / 5, 8, 30);
        int full = (int)Math.Round(share * cells);
        string line = string.Create(CultureInfo.InvariantCulture, $"  {100 * share,3:0} %");
        int room = _width - cells - 3;

        // What does not fit is left out, rather than wrapped: a bar of two lines would jump.
        foreach (string part in (string[])[Remaining(share), .. text.Split("  ")])
        {
            if (part.Length == 0)
            {
                continue;
            }

            if (line.Length + 2 + part.Length > room)
            {
                break;
            }

            line += $"  {part}";
        }

        return new Markup($"  [blue]{new string('━', full)}[/][grey]{new string('━', cells - full)}[/]{Markup.Escape(line)}");
    }

    private string Remaining(double share)
    {
        double done = share - _firstShare!.Value;
        double seconds = Stopwatch.GetElapsedTime(_begin).TotalSeconds;
        if (done < 0.01 || seconds < 2)
        {
            return "";
        }

        double left = seconds * (1 - share) / done;
        return left < 100 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(left):0} s left") : $"{Display.Seconds(left)} left";
    }
}
