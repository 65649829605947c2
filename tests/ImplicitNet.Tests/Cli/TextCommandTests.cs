using System.Text.Json;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Cli;

/// <summary>The commands on texts: trained, evaluated, gone on with, compared.</summary>
[Collection(nameof(TinyText))]
public sealed class TextCommandTests(TinyText tiny) : TensorTest
{
    [Fact]
    public void A_text_is_trained_on_and_its_end_is_chosen_by_and_tested_on()
    {
        JsonElement result = Result(tiny.Training);
        Assert.Equal(($"text:{tiny.File}", "text-model", "loss"), (Text(result, "data"), Text(result, "network"), Text(result.GetProperty("score"), "name")));
        Assert.Contains("nats a character", tiny.Training.Output, StringComparison.Ordinal);
        Assert.Contains("of the characters predicted right", tiny.Training.Output, StringComparison.Ordinal);
        Assert.Contains("   val tokens", tiny.Training.Output, StringComparison.Ordinal);

        // To guess one of its twenty letters is a loss of 3; who knows all but which of 24 sentences comes has ln 24 for 30 characters.
        Assert.InRange(result.GetProperty("testLoss").GetDouble(), Math.Log(24) / 30, 2);
        string report = File.ReadAllText(Path.Combine(tiny.Path, "report.html"));
        Assert.Contains("Implicit text model on words.txt", report, StringComparison.Ordinal);

        // The end of the text as a whole, whatever the batch; half of it chose the weights.
        JsonElement held = Result(Evaluate("--split", "validation", "--batch", "3"));
        Assert.Equal(result.GetProperty("validationLoss").GetDouble(), held.GetProperty("validationLoss").GetDouble(), 1e-5);
        Assert.NotEqual(result.GetProperty("score").GetProperty("validation").GetDouble(), held.GetProperty("validationLoss").GetDouble(), 1e-5);
        JsonElement tested = Result(Evaluate());
        Assert.Equal(result.GetProperty("testLoss").GetDouble(), tested.GetProperty("testLoss").GetDouble(), 1e-6);
        Assert.Equal(result.GetProperty("scores").GetProperty("tokens").GetDouble(), tested.GetProperty("scores").GetProperty("tokens").GetDouble());
        Assert.True(tested.GetProperty("samples").GetInt32() < held.GetProperty("samples").GetInt32());
        Assert.Equal(5, Result(Evaluate("--split", "train", "--count", "5")).GetProperty("samples").GetInt32());
        Assert.Contains("This run is complete.", CliRun.Of("train", "--resume", "--output", tiny.Path).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_a_text_are_next_to_each_other_and_know_nothing_of_batches()
    {
        ImplicitNet.Cli.Settings.RunSettings settings = RunKinds.DefaultsFor($"text:{tiny.File}") with { Length = 16 };
        TextBatches text = TextParts.Read(settings.Data);
        TextParts parts = TextParts.Of(settings, text), other = TextParts.Of(settings with { Batch = 5, Seed = 7 }, text);
        Assert.Equal(text.Characters, parts.Train.Characters + parts.HeldOut.Characters);
        Assert.Equal(parts.HeldOut.Characters, parts.Chooses.Characters + parts.Tests.Characters);
        Assert.Equal(Math.Round(text.Characters * 0.1), parts.HeldOut.Characters);
        Assert.Equal((parts.Chooses.Identity, parts.HeldOut.Identity, parts.Tests.Identity), (other.Chooses.Identity, other.HeldOut.Identity, other.Tests.Identity));
        using Batch train = parts.Train.Read([parts.Train.Count - 1]), first = parts.Chooses.First(1), last = parts.Tests.Read([parts.Tests.Count - 1]);
        string all = File.ReadAllText(tiny.File);
        Assert.Equal(all[^parts.HeldOut.Characters..][..16], text.Vocabulary.Decode(first.Inputs.data<long>()));
        Assert.Contains(text.Vocabulary.Decode(train.Targets.data<long>()), all[..^parts.HeldOut.Characters], StringComparison.Ordinal);
        Assert.Equal(Math.Round(text.Characters * 0.2), TextParts.Of(settings with { HeldOut = 0.2 }, text).HeldOut.Characters);
        Assert.EndsWith(text.Vocabulary.Decode(last.Targets.data<long>())[^1..], all[..^(((parts.Tests.Characters - 1) % 16))], StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_goes_on_with_the_text_it_was_started_with_alone()
    {
        using TemporaryFolder folder = new();
        string file = folder["own.txt"], result = folder["run/result.json"], text = TinyText.Sentences(60);
        File.WriteAllText(file, text);
        JsonElement first = Result(CliRun.Of(TinyText.Arguments(file, "--epochs", "1", "--output", folder["run"], "--json")));
        File.Delete(result);
        JsonElement again = Result(CliRun.Of("train", "--resume", "--output", folder["run"], "--json"));
        Assert.Equal(first.GetProperty("validationLoss").GetDouble(), again.GetProperty("validationLoss").GetDouble());
        File.Delete(result);
        File.WriteAllText(file, text[1..^2] + text[0] + text[^2..]);
        CliRun.Of("train", "--resume", "--output", folder["run"]).Failed(ExitCodes.Failure, "Checksum");
        CliRun.Of("train", "--resume", "--output", folder["run"], "--data", $"text:{tiny.File}").Failed(ExitCodes.Usage, "the run was started with text:");
        CliRun.Of("train", "--resume", "--output", folder["run"], "--length", "8").Failed(ExitCodes.Usage, "--length 8: the run was started with 16.");
    }

    [Fact]
    public void All_that_trains_other_networks_trains_text_models_too()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(TinyText.Arguments(
            tiny.File, "--epochs", "1", "--solver", "anderson", "--damping", "0.9", "--gradient", "phantom:2", "--train-steps", "4", "--random-steps",
            "--start-noise", "0.1", "--jacobian-penalty", "0.01", "--certificate-every", "10", "--average", "0.9", "--heads", "2", "--feed-forward", "12",
            "--from", tiny.Path, "--output", folder["x"]));
        run.Failed(ExitCodes.Usage, "FeedForward 32 there, 12 here", "Heads 4 there, 2 here");
        run = CliRun.Of(TinyText.Arguments(
            tiny.File, "--epochs", "1", "--solver", "anderson", "--damping", "0.9", "--gradient", "phantom:2", "--train-steps", "4", "--random-steps",
            "--start-noise", "0.1", "--jacobian-penalty", "0.01", "--certificate-every", "10", "--average", "0.9", "--cosines", "1",
            "--from", tiny.Path, "--output", folder["run"]));
        run.Succeeded();
        Assert.Contains("\"gradient\": \"phantom:2:0.5\"", File.ReadAllText(folder["run/run.json"]), StringComparison.Ordinal);
        Assert.Contains("\"certificate\"", File.ReadAllText(folder["run/history.jsonl"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("explicit", "--explicit")]
    [InlineData("untied", "--untied", "2")]
    public void Twins_of_a_text_model_are_trained_and_write(string name, params string[] twin)
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(TinyText.Arguments(tiny.File, ["--epochs", "1", "--output", folder["run"], "--json", .. twin]));
        JsonElement result = Result(run);
        Assert.Equal(result.GetProperty("samples").GetInt32(), result.GetProperty("statuses").GetProperty("Converged").GetInt32());
        Assert.Contains(name == "explicit" ? "explicit twin of 1 layer" : "explicit twin of 2 layers", run.Output, StringComparison.Ordinal);
        int own = Result(tiny.Training).GetProperty("parameters").GetInt32(), others = result.GetProperty("parameters").GetInt32();
        Assert.InRange(others, name == "explicit" ? own - 20 : own + 100, name == "explicit" ? own + 20 : 2 * own);
        string written = CliRun.Of("generate", "--model", folder["run"], "--prompt", "The ", "--length", "40", "--temperature", "0").Succeeded().Output;
        Assert.Equal("The ".Length + 40, written.TrimEnd('\n').Length + (written.Length - written.TrimEnd('\n').Length - 1));
    }

    [Theory]
    [InlineData("--data text:", "--data text: names no file: text:FILE is a text in UTF-8.")]
    [InlineData("--data text:x.txt --validation 20", "--validation 20: of a text a share is held out, --held-out; leave it out.")]
    [InlineData("--data text:x.txt --held-out 1", "--held-out must be a number above 0 and below 1; given 1.")]
    [InlineData("--data text:x.txt --samples 20", "--samples 20 is for mazes and sums and flows alone; the data are text:")]
    [InlineData("--data text:x.txt --heads 3", "--heads 3: The heads must divide the channels. Given: 3 heads, 128 channels.")]
    [InlineData("--data text:x.txt --channels 6", "--channels 6: The heads must divide the channels. Given: 4 heads, 6 channels.")]
    [InlineData("--data text:x.txt --explicit --untied 2", "--untied 2: that is the explicit twin with more layers; leave out --explicit.")]
    [InlineData("--data text:x.txt --untied 2 --gradient neumann", "--gradient neumann:3: an explicit twin has no fixed point")]
    [InlineData("--data text:x.txt --solver peaceman-rachford", "a splitting is for monotone networks alone")]
    [InlineData("--data text:x.txt --gamma 0.5", "--gamma 0.5 is for images alone; the data are text:")]
    [InlineData("--data text:x.txt --warm-start", "--warm-start is for images alone")]
    [InlineData("--data digits --length 9", "--length 9 is for texts alone; the data are digits.")]
    [InlineData("--data mazes:9 --heads 4", "--heads 4 is for texts alone; the data are mazes:9.")]
    [InlineData("--data digits --untied 2", "--untied 2 is for mazes and sums and texts alone; the data are digits.")]
    public void What_makes_no_sense_for_a_text_is_refused_before_anything_is_written(string options, string expected)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["train", "--output", folder["run"], .. options.Split(' ')]).Failed(ExitCodes.Usage, expected);
        Assert.Empty(folder.Names);
    }

    [Theory]
    [InlineData("", "the file is empty; a text was expected.")]
    [InlineData("\uFEFF", "the file is empty; a text was expected.")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "all its characters are the same, and nothing can be learned of it.")]
    [InlineData("a text of one line", "has 18 characters, of which 2 are held out (--held-out)", "too few for windows of 16 (--length)")]
    [InlineData("latin \u0001", "what stands here is no UTF-8, in which a text must be.", "byte 6")]
    [InlineData("zero \u0002", "a byte 0, which no text has; UTF-8 was expected.", "byte 5")]
    public void What_is_no_text_to_train_on_is_refused_in_a_line(string text, params string[] expected)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = [.. System.Text.Encoding.UTF8.GetBytes(text).Select(value => value switch { 1 => (byte)0xE9, 2 => (byte)0, _ => value })];
        File.WriteAllBytes(folder["x.txt"], bytes);
        CliRun.Of(TinyText.Arguments(folder["x.txt"], "--output", folder["run"])).Failed(ExitCodes.Failure, ["x.txt", .. expected]);
        Assert.Equal(["x.txt"], folder.Names);
        CliRun.Of(TinyText.Arguments(folder["none.txt"], "--output", folder["run"])).Failed(ExitCodes.Failure, "none.txt: the file does not exist.");
    }

    [Fact]
    public void A_model_is_told_of_audited_and_solved_and_refuses_what_is_for_others()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("text-model, 8 channels, 4 heads, windows of 16 characters", CliRun.Of("info", "--model", tiny.Path).Succeeded().Output, StringComparison.Ordinal);
        JsonElement audit = Result(CliRun.Of("audit", "--model", tiny.Path, "--count", "3", "--conditions", "0", "--threads", "1", "--output", folder["audit"], "--json"));
        Assert.Equal((3, 5), (audit.GetProperty("samples").GetInt32(), audit.GetProperty("gradients").GetArrayLength()));
        CliRun.Of("solve", "--model", tiny.Path, "--count", "3", "--solvers", "picard,anderson", "--threads", "1", "--output", folder["solve"]).Succeeded();
        CliRun.Of("predict", "--model", tiny.Path, "x.png").Failed(ExitCodes.Failure, "takes no images: 'implicitnet generate' goes on with a text by it.");
        CliRun.Of("evaluate", "--model", tiny.Path, "--starts", "2").Failed(ExitCodes.Usage, "--starts is not for texts");
        CliRun.Of("evaluate", "--model", tiny.Path, "--applications", "2").Failed(ExitCodes.Usage, "--applications is for images alone");
        CliRun.Of("evaluate", "--model", tiny.Path, "--data", "mazes:9").Failed(ExitCodes.Failure, "the model is for texts, as text:", "--data mazes:9 is of mazes and sums.");
        CliRun.Of("evaluate", "--model", tiny.Path, "--count", "9999").Failed(ExitCodes.Usage, "--count 9999: words.txt, the second half of its end has");
    }

    [Fact]
    public void Another_text_is_evaluated_whole_if_the_model_knows_its_characters()
    {
        using TemporaryFolder folder = new();
        string other = folder["other.txt"];
        File.WriteAllText(other, TinyText.Sentences(10));
        JsonElement result = Result(Evaluate("--data", $"text:{other}"));
        Assert.Equal((File.ReadAllText(other).Length - 1) / 16, result.GetProperty("samples").GetInt32());
        Evaluate("--data", $"text:{other}", "--split", "validation").Failed(
            ExitCodes.Usage, "--split validation: other.txt is not the text that", "was trained on, and is taken whole.");
        File.WriteAllText(other, "The cat sees the zebra, and hears it.");
        Evaluate("--data", $"text:{other}").Failed(ExitCodes.Failure, "other.txt: 'z' (U+007A) at place 17 of the text is none of the");
    }

    [Fact]
    public void A_comparison_of_text_models_is_one_of_losses_and_twins_may_take_part()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(
            "compare", "--data", $"text:{tiny.File}", "--length", "16", "--channels", "8", "--epochs", "1", "--gradients", "jfb", "--batch", "8",
            "--certificate-every", "10", "--threads", "1", "--output", folder["compared"], "--json");
        JsonElement gradient = Result(run).GetProperty("gradients")[0];
        using JsonDocument own = JsonDocument.Parse(File.ReadAllText(folder["compared/runs/jfb-seed1/result.json"]));
        Assert.Equal(own.RootElement.GetProperty("validationLoss").GetDouble(), gradient.GetProperty("validationLoss").GetProperty("mean").GetDouble());
        Assert.Equal(JsonValueKind.Null, gradient.GetProperty("testAccuracy").ValueKind);
        Assert.InRange(gradient.GetProperty("certificate").GetProperty("mean").GetDouble(), 0.5, 1);
        Assert.Contains("  jfb                  val loss ", run.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["compared/loss-by-epoch.svg"]));
        CliRun.Of("compare", "--data", $"text:{tiny.File}", "--gradients", "explicit,untied:2,through:3,implicit:cholesky", "--output", folder["none"]).Failed(
            ExitCodes.Usage, "implicit:cholesky");
        Assert.All(["explicit", "untied:2", "through:3"], twin => Assert.Null(RunKinds.Problem(ImplicitNet.Cli.Settings.Twin.Of(RunKinds.DefaultsFor("text:x"), twin))));
    }

    private CliRun Evaluate(params string[] more) => CliRun.Of(["evaluate", "--model", tiny.Path, "--threads", "1", "--json", .. more]);

    private static JsonElement Result(CliRun run) => JsonDocument.Parse(run.Succeeded().LastLine).RootElement.Clone();

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
