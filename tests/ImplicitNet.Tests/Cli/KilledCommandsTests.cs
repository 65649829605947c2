using System.Diagnostics;
using System.Globalization;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Training.History;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

/// <summary>
/// Every command that writes, killed at random moments and begun again as a user would, ends with what it would have ended with. IMPLICITNET_KILLS
/// is the number of kills of each command; 2 without it.
/// </summary>
[Collection(nameof(TinyReproduction))]
public sealed class KilledCommandsTests(TinyReproduction reproduction) : TensorTest
{
    private const int Seed = 20260214;

    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("IMPLICITNET_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 2;

    [Fact]
    public void A_training() => Check(
        (folder, output) =>
        [
            "train", "--data", "digits", "--output", output, "--quiet", "--images", "60", "--test-images", "20", "--batch", "20", "--epochs", "3", "--validation", "20",
            "--checkpoint-every", "1", "--threads", "1", "--average", "0.9", "--shift", "1", "--warm-start",
        ],
        (folder, output) => File.Exists(Path.Combine(output, "run.json"))
            ? ["train", "--resume", "--output", output, "--quiet"]
            : [],
        "model.safetensors");

    [Fact]
    public void A_comparison() => Check(
        (folder, output) =>
        [
            "compare", "--data", "digits", "--output", output, "--quiet", "--gradients", "jfb,neumann:1", "--seeds", "3", "--images", "60", "--test-images", "20", "--batch", "20",
            "--epochs", "2", "--validation", "20", "--checkpoint-every", "1", "--threads", "1",
        ],
        (_, _) => [],
        "runs/jfb-seed3/model.safetensors",
        "runs/neumann-1-seed3/model.safetensors");

    [Fact]
    public void A_reproduction()
    {
        using TemporaryFolder folder = new();
        Check(
            folder,
            reproduction.Path,
            reproduction.Length,
            (_, output) => [.. reproduction.Arguments(output), "--quiet"],
            (_, _) => [],
            [.. Directory.GetDirectories(Path.Combine(reproduction.Path, "runs")).Select(run => Path.Combine("runs", Path.GetFileName(run), "model.safetensors"))]);
    }

    [Fact]
    public void An_import() => Check(
        (folder, output) => ["import", folder["w.pth"], "--network", "mnist-fpn", "--gamma", "0.1", "--output", output],
        (folder, output) => File.Exists(Path.Combine(output, "config.json")) && File.Exists(Path.Combine(output, "model.safetensors"))
            ? ["info", "--model", output]
            : [],
        "config.json",
        "model.safetensors");

    [Fact]
    public void An_export() => Check(
        (folder, output) =>
        {
            Directory.CreateDirectory(output);
            return ["export", "--model", folder["imported"], "--pytorch", Path.Combine(output, "again.pth")];
        },
        (_, _) => [],
        "again.pth");

    /// <summary>Kills a command, again and again, and holds what it comes to against what it comes to when it is left alone.</summary>
    private static void Check(Func<TemporaryFolder, string, string[]> begin, Func<TemporaryFolder, string, string[]> next, params string[] files)
    {
        using TemporaryFolder folder = new();
        Prepare(folder);
        long started = Stopwatch.GetTimestamp();
        using (CliProcess whole = CliProcess.Start(begin(folder, folder["whole"])))
        {
            whole.Wait().Succeeded();
        }

        Check(folder, folder["whole"], Stopwatch.GetElapsedTime(started), begin, next, files);
    }

    /// <summary>The same, where it was left alone before.</summary>
    /// <param name="folder">For what is written.</param>
    /// <param name="whole">The folder of one that was left alone.</param>
    /// <param name="length">How long that took.</param>
    /// <param name="begin">The command that begins.</param>
    /// <param name="next">The command that goes on; empty for the same.</param>
    /// <param name="files">What must be the same, byte by byte.</param>
    private static void Check(
        TemporaryFolder folder, string whole, TimeSpan length, Func<TemporaryFolder, string, string[]> begin, Func<TemporaryFolder, string, string[]> next, params string[] files)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a killed process's files may be held for a while");
        Random random = new(Seed);
        int killed = 0;
        int rounds = 0;
        while (killed < Kills)
        {
            string output = folder[string.Create(CultureInfo.InvariantCulture, $"part{rounds++}")];
            string[] command = begin(folder, output);
            bool isOver = false;
            while (!isOver)
            {
                using CliProcess process = CliProcess.Start(command);
                TimeSpan patience = killed < Kills ? length * random.NextDouble() : TimeSpan.FromMinutes(2);
                isOver = process.WaitFor(patience);
                if (isOver)
                {
                    process.Wait().Succeeded();
                }
                else
                {
                    process.Kill();
                    killed++;
                    command = next(folder, output) is { Length: > 0 } other ? other : begin(folder, output);
                }
            }

            foreach (string file in files)
            {
                Assert.Equal(File.ReadAllBytes(Path.Combine(whole, file)), File.ReadAllBytes(Path.Combine(output, file)));
            }

            AssertSameHistories(whole, output);
            Directory.Delete(output, recursive: true);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{begin(folder, whole)[0]}: {killed} kills in {rounds} rounds, seed {Seed}");
    }

    private static void AssertSameHistories(string whole, string parts)
    {
        foreach (string path in Directory.EnumerateFiles(whole, "history.jsonl", SearchOption.AllDirectories).Where(path => !path.Contains("calibration", StringComparison.Ordinal)))
        {
            string other = Path.Combine(parts, Path.GetRelativePath(whole, path));
            Assert.Equal(Epochs(path), Epochs(other));
        }
    }

    private static IEnumerable<EpochRecord> Epochs(string path) =>
        RunHistory.ReadEpochs(path).Select(epoch => epoch with { Seconds = null, Times = null, PeakMemoryBytes = null });

    /// <summary>Images that are noise, weights as drawn, and a model of them.</summary>
    private static void Prepare(TemporaryFolder folder)
    {
        BadData.WriteDigits(folder);
        random.manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = MnistFpn.Create(new MnistFpnOptions { LatentLayers = 2 });
        PublishedWeights.Write(folder["w.pth"], network);
        CliRun.Of("import", folder["w.pth"], "--network", "mnist-fpn", "--gamma", "0.1", "--output", folder["imported"]).Succeeded();
    }
}
