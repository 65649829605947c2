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
        _display.UpdateTarget(Draw(Math.Clamp(share, 0, 1), text()));
    }

    private Markup Draw(double share, string text)
    {
        int cells = Math.Clamp(_width / 4, 8, 30);
        int full = (int)Math.Round(share * cells);
        string bar = $"[blue]{new string('━', full)}[/][grey]{new string('━', cells - full)}[/]";
        string line = string.Create(CultureInfo.InvariantCulture, $"  {100 * share,3:0} %  {text}{Remaining(share)}");

        // Cut rather than wrapped: a bar of two lines would jump.
        int room = Math.Max(0, _width - cells - 3);
        return new Markup($"  {bar}{Markup.Escape(line.Length > room ? line[..room] : line)}") { Overflow = Overflow.Crop };
    }

    private string Remaining(double share)
    {
        double done = share - _firstShare!.Value;
        double seconds = Stopwatch.GetElapsedTime(_begin).TotalSeconds;
        return done > 0.01 && seconds > 2 ? $"  {Figures.Seconds(Math.Ceiling(seconds * (1 - share) / done))} left" : "";
    }
}
