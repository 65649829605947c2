using System.Text;

namespace ImplicitNet.Tests.Cli;

/// <summary>A training that cannot go on ends with code 1, one line, and a folder that can be gone on with.</summary>
public sealed class DivergedTrainingTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Theory]
    [InlineData("--weight-decay", "1e300", "The weights are not finite")]
    [InlineData("--learning-rate", "1e300", "learning rate")]
    public void Weights_that_are_not_finite_end_it_with_the_step(string option, string value, string expected)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--quiet", option, value)).Failed(1, expected, "at step 1 (epoch 1");
        Assert.False(File.Exists(Path.Combine(folder["run"], "model.safetensors")));
        Assert.False(File.Exists(Path.Combine(folder["run"], "result.json")));
    }

    [Fact]
    public void An_epoch_in_which_nothing_converges_ends_it()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--quiet", "--max-steps", "1", "--tolerance", "1e-9"))
            .Failed(1, "No training sample of epoch 1 converged");
    }

    /// <summary>The rate grows over the warm-up until the weights overflow: the checkpoints before that are whole, and are gone on with.</summary>
    [Fact]
    public void The_checkpoint_before_is_whole_and_gone_on_with()
    {
        using TemporaryFolder folder = new();
        string run = folder["run"];
        string[] options = ["--output", run, "--quiet", "--weight-decay", "1e12", "--learning-rate", "1", "--warmup", "20", "--checkpoint-every", "1"];
        CliRun first = CliRun.Of(TinyModel.Arguments(options)).Failed(1, "at step");
        byte[] checkpoint = File.ReadAllBytes(Path.Combine(run, "checkpoint.safetensors"));
        CliRun again = CliRun.Of("train", "--resume", "--output", run).Failed(1, "at step");
        Assert.Equal(first.Error, again.Error);
        Assert.Contains("Going on from the last checkpoint.", again.Output, StringComparison.Ordinal);
        Assert.Equal(checkpoint, File.ReadAllBytes(Path.Combine(run, "checkpoint.safetensors")));
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused_and_nothing_in_the_folder_changes()
    {
        using TemporaryFolder folder = new();
        string run = folder["run"];
        CliRun.Of(TinyModel.Arguments("--output", run, "--quiet")).Succeeded();
        File.Delete(Path.Combine(run, "result.json"));
        string path = Path.Combine(run, "checkpoint.safetensors");
        byte[] whole = File.ReadAllBytes(path);
        for (int flip = 0; flip < 4; flip++)
        {
            byte[] damaged = [.. whole];
            damaged[whole.Length / 5 * (flip + 1)] ^= 1;
            File.WriteAllBytes(path, damaged);
            Dictionary<string, byte[]> before = Content(run);
            CliRun.Of("train", "--resume", "--output", run).Failed(1, "checkpoint.safetensors", "SHA-256");
            Assert.Equal(before, Content(run));
        }
    }

    [Fact]
    public void A_model_is_told_with_its_sum_and_one_that_was_changed_is_refused()
    {
        using TemporaryFolder folder = new();
        model.CopyTo(folder);
        Assert.Matches("sha256 +[0-9a-f]{64} +checked", CliRun.Of("info", "--model", folder.Path).Succeeded().Output);
        byte[] weights = File.ReadAllBytes(folder["model.safetensors"]);
        weights[^3] ^= 1;
        File.WriteAllBytes(folder["model.safetensors"], weights);
        foreach (string[] command in (string[][])[["info"], ["evaluate"], ["predict", folder["x.png"]], ["audit"], ["export", "--pytorch", folder["x.pth"]]])
        {
            CliRun.Of([.. command, "--model", folder.Path]).Failed(1, "model.safetensors", "SHA-256");
        }
    }

    [Fact]
    public void A_model_without_a_sum_is_read_and_told_as_that()
    {
        using TemporaryFolder folder = new();
        model.CopyTo(folder);
        string text = Encoding.Latin1.GetString(File.ReadAllBytes(folder["model.safetensors"]));
        File.WriteAllBytes(folder["model.safetensors"], Encoding.Latin1.GetBytes(text.Replace("\"sha256\"", "\"sha 25\"", StringComparison.Ordinal)));
        Assert.Contains("no checksum", CliRun.Of("info", "--model", folder.Path).Succeeded().Output, StringComparison.Ordinal);
    }

    private static Dictionary<string, byte[]> Content(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order().ToDictionary(path => path, File.ReadAllBytes);
}
