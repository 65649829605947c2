using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Cli;

/// <summary>A text of seventy sentences, and a small model that was trained on it once for all tests of both.</summary>
[CollectionDefinition(nameof(TinyText))]
public sealed class TinyText : IDisposable, ICollectionFixture<TinyText>
{
    private readonly TemporaryFolder _folder = new();

    public TinyText()
    {
        System.IO.File.WriteAllText(File, Sentences(70));
        Training = CliRun.Of(Arguments(File, "--epochs", "3", "--solver", "anderson", "--output", Path, "--json"));
    }

    public string File => _folder["words.txt"];

    public string Path => _folder["run"];

    internal CliRun Training { get; }

    /// <summary>Sentences that are drawn: lines of the same dozen words.</summary>
    public static string Sentences(int count)
    {
        RandomNumbers random = new(1, 0, 0);
        string Pick(params string[] words) => words[random.Next(words.Length)];
        return string.Concat(Enumerable.Range(0, count).Select(_ =>
            $"The {Pick("cat", "dog", "fox")} {Pick("sees", "hears")} the {Pick("red", "old")} {Pick("bird", "mouse")}.\n"));
    }

    /// <summary>The command that trains in a second, with further options.</summary>
    public static string[] Arguments(string file, params string[] more) =>
    [
        "train", "--data", $"text:{file}", "--length", "16", "--channels", "8", "--batch", "8", "--warmup", "0", "--learning-rate", "0.02",
        "--threads", "1", .. more,
    ];

    public void Dispose() => _folder.Dispose();
}
