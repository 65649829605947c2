namespace ImplicitNet.Cli.Screens;

/// <summary>Passes a share done to a bar, on the calling thread.</summary>
internal sealed class ShareProgress(Bar bar, string text) : IProgress<double>
{
    public void Report(double value) => bar.Show(value, () => text);
}
