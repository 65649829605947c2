using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Cli;

public sealed partial class TrainCommandTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void A_training_ends_with_all_its_files_and_says_where_they_are()
    {
        CliRun run = model.Training.Succeeded();
        string[] expected = ["charts", "checkpoint.safetensors", "config.json", "history.jsonl", "model.safetensors", "report.html", "result.json", "run.json", "tensorboard"];
        Assert.Equal(expected, Directory.EnumerateFileSystemEntries(model.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["accuracy.png", "loss.png", "residuals.png", "steps.png"],
            Directory.EnumerateFiles(Path.Combine(model.Path, "charts")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains(Path.Combine(model.Path, "report.html"), run.Output, StringComparison.Ordinal);
        Assert.Contains("seed 1", run.Output, StringComparison.Ordinal);
        Assert.Equal([1, 2], RunHistory.ReadEpochs(Path.Combine(model.Path, "history.jsonl")).Select(epoch => epoch.Epoch));
    }

    [Fact]
    public void Output_that_is_no_terminal_has_no_control_characters()
    {
        Assert.DoesNotContain(model.Training.Output, letter => char.IsControl(letter) && letter != '\n');
    }

    [Fact]
    public void The_result_file_is_the_last_line_of_the_output()
    {
        Assert.Equal(File.ReadAllText(Path.Combine(model.Path, "result.json")).TrimEnd(), model.Training.LastLine);
        using JsonDocument json = JsonDocument.Parse(model.Training.LastLine);
        JsonElement result = json.RootElement;
        Assert.InRange(result.GetProperty("testAccuracy").GetDouble(), 0, 1);
        Assert.Equal(60, result.GetProperty("statuses").EnumerateObject().Sum(status => status.Value.GetInt32()));
        Assert.Equal(35_856, result.GetProperty("parameters").GetInt64());
        Assert.InRange(result.GetProperty("gammaMeasured").GetDouble(), 0.05, result.GetProperty("gammaCertified").GetDouble());
        Assert.InRange(result.GetProperty("evaluations").GetInt64(), 60, 6000);
        Assert.Equal(model.Path, result.GetProperty("model").GetString());
    }

    [Fact]
    public void The_report_stands_alone()
    {
        string page = File.ReadAllText(Path.Combine(model.Path, "report.html"));
        string[] loads = [.. LoadedAddress().Matches(page).Select(match => match.Groups[1].Value)];
        Assert.Equal(4, new Page(page).Charts);
        Assert.Equal(new Page(page).Pictures.Length, loads.Length);
        Assert.All(loads, address => Assert.StartsWith("data:image/png;base64,", address, StringComparison.Ordinal));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("learning-rate", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_complete_run_is_only_reported_again()
    {
        DateTime before = File.GetLastWriteTimeUtc(Path.Combine(model.Path, "checkpoint.safetensors"));
        CliRun again = CliRun.Of("train", "--resume", "--output", model.Path, "--json").Succeeded();
        Assert.Contains("complete", again.Output, StringComparison.Ordinal);
        Assert.Equal(model.Training.LastLine, again.LastLine);
        Assert.Equal(before, File.GetLastWriteTimeUtc(Path.Combine(model.Path, "checkpoint.safetensors")));
    }

    /// <summary>A complete run of an older version has a result without the names that joined since.</summary>
    [Fact]
    public void A_complete_run_of_before_there_were_sizes_is_reported_again()
    {
        using TemporaryFolder folder = new();
        File.Copy(Path.Combine(model.Path, "run.json"), folder["run.json"]);
        JsonObject result = JsonNode.Parse(model.Training.LastLine)!.AsObject();
        foreach (string later in (string[])["score", "ranks", "starts", "agreement", "remarks", "scores", "tests", "pictures", "maxSteps"])
        {
            Assert.True(result.Remove(later), later);
        }

        File.WriteAllText(folder["result.json"], result.ToJsonString());
        using JsonDocument again = JsonDocument.Parse(CliRun.Of("train", "--resume", "--output", folder.Path, "--json").Succeeded().LastLine);
        Assert.Equal((1, 1, 0), (again.RootElement.GetProperty("ranks").GetInt32(), again.RootElement.GetProperty("starts").GetInt32(), again.RootElement.GetProperty("tests").GetArrayLength()));
        Assert.Equal(result["testLoss"]!.GetValue<double>(), again.RootElement.GetProperty("testLoss").GetDouble());
    }

    [Fact]
    public void A_run_that_lost_its_result_is_tested_again_with_the_same_outcome()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--quiet")).Succeeded();
        string weights = Path.Combine(folder["run"], "model.safetensors");
        byte[] before = File.ReadAllBytes(weights);
        File.Delete(Path.Combine(folder["run"], "result.json"));
        using JsonDocument again = JsonDocument.Parse(CliRun.Of("train", "--resume", "--output", folder["run"], "--json").Succeeded().LastLine);
        using JsonDocument first = JsonDocument.Parse(model.Training.LastLine);
        Assert.Equal(before, File.ReadAllBytes(weights));
        Assert.Equal(first.RootElement.GetProperty("testLoss").GetDouble(), again.RootElement.GetProperty("testLoss").GetDouble());
        Assert.Equal([1, 2], RunHistory.ReadEpochs(Path.Combine(folder["run"], "history.jsonl")).Select(epoch => epoch.Epoch));
    }

    [Fact]
    public void A_run_of_before_there_was_augmentation_goes_on()
    {
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["checkpoint.safetensors", "config.json", "history.jsonl", "model.safetensors"])
        {
            File.Copy(Path.Combine(model.Path, name), folder[name]);
        }

        string settings = File.ReadAllText(Path.Combine(model.Path, "run.json"));
        Assert.Contains("  \"augment\": false,\n", settings, StringComparison.Ordinal);
        File.WriteAllText(folder["run.json"], settings.Replace("  \"augment\": false,\n", "", StringComparison.Ordinal));
        using JsonDocument again = JsonDocument.Parse(CliRun.Of("train", "--resume", "--output", folder.Path, "--json").Succeeded().LastLine);
        using JsonDocument first = JsonDocument.Parse(model.Training.LastLine);
        Assert.Equal(first.RootElement.GetProperty("testLoss").GetDouble(), again.RootElement.GetProperty("testLoss").GetDouble());
    }

    [Fact]
    public void A_folder_that_holds_a_run_is_refused_without_resume() =>
        CliRun.Of(TinyModel.Arguments("--output", model.Path)).Failed(1, "holds a run", "--resume", "another --output");

    [Theory]
    [InlineData("--learning-rate", "0.01", "0.003")]
    [InlineData("--epochs", "3", "2")]
    [InlineData("--clip-norm", "1", "none")]
    [InlineData("--data", "mnist", "digits")]
    [InlineData("--solver", "anderson", "picard")]
    [InlineData("--memory", "3", "none")]
    [InlineData("--augment", "true", "false")]
    public void An_option_that_differs_from_the_runs_is_refused(string option, string value, string stored) =>
        CliRun.Of("train", "--resume", "--output", model.Path, option, value).Failed(2, option, value, stored);

    [Fact]
    public void A_run_may_accelerate_and_start_warm()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--solver", "anderson", "--memory", "3", "--mixing", "0.9", "--warm-start", "--json")).Succeeded();
        using JsonDocument result = JsonDocument.Parse(run.LastLine);
        Assert.Equal(60, result.RootElement.GetProperty("statuses").GetProperty("Converged").GetInt32());
        string settings = File.ReadAllText(Path.Combine(folder["run"], "run.json"));
        Assert.Contains("\"memory\": 3", settings, StringComparison.Ordinal);
        Assert.Contains("\"warm-start\": true", settings, StringComparison.Ordinal);
    }

    [Fact]
    public void A_memory_for_a_solver_without_one_is_refused_and_leaves_nothing_behind()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--memory", "3")).Failed(2, "--memory 3", "picard", "anderson");
        CliRun.Of("evaluate", "--model", model.Path, "--solver", "newton-krylov", "--memory", "3").Failed(2, "--memory 3", "newton-krylov");
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void What_is_not_a_run_cannot_be_resumed()
    {
        using TemporaryFolder folder = new();
        CliRun.Of("train", "--resume", "--output", folder.Path).Failed(1, folder.Path, "run.json");
        CliRun.Of("train", "--resume").Failed(2, "--output");
        Assert.Empty(folder.Names);
    }

    [Theory]
    [InlineData("\"epochs\": 2", "\"epochs\": -1", "epochs must be a whole number of at least 1")]
    [InlineData("\"epochs\": 2", "\"epoch\": 2", "epoch")]
    [InlineData("\"gamma\": 0.5", "\"gamma\": 1.5", "gamma must be")]
    [InlineData("\"data\": \"digits\"", "\"data\": \"letters\"", "letters")]
    [InlineData("\"format\": 1", "\"format\": 2", "format must be 1")]
    [InlineData("{", "", "run.json")]
    public void Settings_that_were_damaged_are_refused(string old, string damaged, string expected)
    {
        using TemporaryFolder folder = new();
        string settings = File.ReadAllText(Path.Combine(model.Path, "run.json"));
        Assert.Contains(old, settings, StringComparison.Ordinal);
        File.WriteAllText(folder["run.json"], settings.Replace(old, damaged, StringComparison.Ordinal));
        CliRun.Of("train", "--resume", "--output", folder.Path).Failed(1, folder["run.json"], expected);
        Assert.Equal(["run.json"], folder.Names);
    }

    [GeneratedRegex("""(?:src|srcset|href)\s*=\s*["']?([^"'\s>]+)""", RegexOptions.IgnoreCase)]
    private static partial Regex LoadedAddress();
}
