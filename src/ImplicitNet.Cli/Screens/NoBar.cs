namespace ImplicitNet.Cli.Screens;

/// <summary>Shows nothing.</summary>
internal sealed class NoBar : Bar
{
    public override void Show(double share, Func<string> text)
    {
    }
}
