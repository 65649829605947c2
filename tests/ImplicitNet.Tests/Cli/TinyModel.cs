namespace ImplicitNet.Tests.Cli;

/// <summary>A small model, trained once for the tests of a class, and copies of it to damage.</summary>
public sealed class TinyModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TinyModel() => Training = CliRun.Of(Arguments("--output", Path, "--json"));

    public string Path => _folder["run"];

    internal CliRun Training { get; }

    /// <summary>The command that trains in a second or two, with further options.</summary>
    public static string[] Arguments(params string[] more) =>
        ["train", "--data", "digits", "--images", "200", "--validation", "40", "--test-images", "60", "--epochs", "2", "--batch", "20", "--threads", "1", .. more];

    /// <summary>The model alone in a folder of its own.</summary>
    internal void CopyTo(TemporaryFolder folder)
    {
        foreach (string name in (string[])["config.json", "model.safetensors"])
        {
            File.Copy(System.IO.Path.Combine(Path, name), folder[name], overwrite: true);
        }
    }

    public void Dispose() => _folder.Dispose();
}
