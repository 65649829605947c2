namespace ImplicitNet.Cli.Screens;

/// <summary>Shows how far some work is.</summary>
internal abstract class Bar
{
    /// <summary>Shows the state; cheap enough to be called often.</summary>
    /// <param name="share">Done so far, 0 to 1.</param>
    /// <param name="text">What goes on, in plain text; made only when it is shown.</param>
    public abstract void Show(double share, Func<string> text);
}
