using System.Globalization;
using System.Text;
using System.Text.Json;
using ImplicitNet.Cli;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using TorchSharp;

namespace ImplicitNet.Tests.Cli;

/// <summary>The commands on what flows are for: points, and tables of time series.</summary>
public sealed class FlowCommandTests : TensorTest
{
    private static readonly string[] Short = ["--epochs", "2", "--threads", "1", "--json"];

    [Fact]
    public void Annuli_are_trained_drawn_evaluated_and_gone_on_with()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(
            ["train", "--data", "annuli", "--samples", "128", "--validation", "40", "--test-samples", "60", "--output", folder["run"], .. Short]);
        JsonElement result = Result(run);
        Assert.Equal(("annuli", "augmented-ode", 60), (Text(result, "data"), Text(result, "network"), result.GetProperty("samples").GetInt32()));
        Assert.InRange(result.GetProperty("meanEvaluations").GetDouble(), 7, 200);
        Assert.Equal(60, result.GetProperty("statuses").GetProperty("Completed").GetInt32());
        Assert.True(result.GetProperty("trainingEvaluations").GetInt64() > 2 * 128 * 7);
        Assert.Contains("  epoch      loss  accuracy   val loss   val acc   evaluations   a sample     time", run.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["run/plane.png"]));
        Assert.Contains("evaluations of the vector field", File.ReadAllText(folder["run/report.html"]), StringComparison.Ordinal);
        Assert.Equal(5, ((FlowModelConfig)ModelFolder.LoadConfig(folder["run"])).Network.Zeros);

        JsonElement again = Result(CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1", "--json"));
        Assert.Equal(result.GetProperty("loss").GetDouble(), again.GetProperty("loss").GetDouble());
        JsonElement held = Result(CliRun.Of("evaluate", "--model", folder["run"], "--split", "validation", "--tolerance", "1e-6", "--absolute-tolerance", "1e-6", "--threads", "1", "--json"));
        Assert.Equal(40, held.GetProperty("samples").GetInt32());
        Assert.True(held.GetProperty("meanEvaluations").GetDouble() > again.GetProperty("meanEvaluations").GetDouble());
        Assert.Contains("This run is complete.", CliRun.Of("train", "--resume", "--output", folder["run"]).Succeeded().Output, StringComparison.Ordinal);
        CliRun.Of("predict", "--model", folder["run"], "plane", "--output", folder["plane.svg"]).Succeeded();
        Assert.True(File.Exists(folder["plane.svg"]));
        JsonElement drawn = Result(CliRun.Of("predict", "--model", folder["run"], "plane", "--json"));
        Assert.Equal(folder["run/predicted-plane.png"], Path.GetFullPath(Text(drawn, "picture")));
        Assert.Equal(60 + (64 * 64), drawn.GetProperty("statuses").GetProperty("Completed").GetInt32());
        CliRun.Of("predict", "--model", folder["run"], "plane", "--max-steps", "1", "--tolerance", "1e-6", "--absolute-tolerance", "1e-9").Failed(
            ExitCodes.Failure, "flows failed, and no line is left to draw");
        CliRun.Of("predict", "--model", folder["run"], "plane", "--rows", "3").Failed(ExitCodes.Usage, "--rows 3 is for time series alone");
        CliRun.Of("predict", "--model", folder["run"], "plane", "--output", folder["none/p.png"]).Failed(ExitCodes.Failure, "there is no folder");
        CliRun cut = CliRun.Of("evaluate", "--model", folder["run"], "--max-steps", "1", "--tolerance", "1e-6", "--absolute-tolerance", "1e-9", "--json");
        Assert.Equal((0, JsonValueKind.Null), (Result(cut).GetProperty("counted").GetInt32(), Result(cut).GetProperty("loss").ValueKind));
        Assert.Contains("0 of 60 points; the flows of the others failed", cut.Output, StringComparison.Ordinal);
        CliRun.Of("evaluate", "--model", folder["run"], "--tolerance", "1e-9").Failed(ExitCodes.Usage, "--tolerance 1E-09: A relative tolerance");
        CliRun.Of("solve", "--model", folder["run"]).Failed(ExitCodes.Usage, "is a model with a flow, which has no fixed points: train, evaluate, audit, predict and info take it.");
        CliRun.Of("export", "--model", folder["run"], "--pytorch", folder["x.pth"]).Failed(
            ExitCodes.Usage, "there is no published form of one. Its weights are in", "which safetensors.torch.load_file reads");
        Assert.False(File.Exists(folder["x.pth"]));
        CliRun told = CliRun.Of("info", "--model", folder["run"], "--json");
        Assert.Equal(("neural-ode", 1551), (Text(Result(told).GetProperty("config"), "architecture"), Result(told).GetProperty("parameters").GetInt32()));
        Assert.Contains("5 zeros appended; trained on annuli", CliRun.Of("info", "--model", folder["run"]).Succeeded().Output, StringComparison.Ordinal);
        Audited(folder, samples: 10);
        CliRun.Of("audit", "--model", folder["run"], "--conditions", "2").Failed(ExitCodes.Usage, "--conditions is not for flows");
        CliRun.Of("audit", "--model", folder["run"], "--count", "61").Failed(ExitCodes.Usage, "--count 61: ");
        CliRun failed = CliRun.Of("audit", "--model", folder["run"], "--count", "4", "--max-steps", "1", "--tolerance", "1e-6", "--absolute-tolerance", "1e-9", "--output", folder["none"], "--json");
        Assert.Equal(("unknown", 0, 0), (Text(Result(failed), "verdict"), Result(failed).GetProperty("converged").GetInt32(), Result(failed).GetProperty("files").GetArrayLength()));
        CliRun.Of("predict", "--model", folder["run"], "x.png").Failed(ExitCodes.Usage, "reads no files; name plane, which is drawn.");
        CliRun.Of("evaluate", "--model", folder["run"], "--data", "swap").Failed(ExitCodes.Usage, "the network there has 2 in and 1 out; swap needs one with 1 in and 1 out.");
        CliRun.Of("evaluate", "--model", folder["run"], "--data", "digits").Failed(ExitCodes.Failure, "the model is for flows, as annuli; --data digits is of images.");
        CliRun.Of("evaluate", "--model", folder["run"], "--starts", "4").Failed(ExitCodes.Usage, "--starts is not for flows");
    }

    [Theory]
    [InlineData("neural-ode", 0)]
    [InlineData("augmented-ode", 5)]
    public void Images_are_classified_by_flows(string network, int zeros)
    {
        // Convolutions with a bias leave one tensor each to the collector.
        using DisposeScope scope = torch.NewDisposeScope();
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(
            ["train", "--data", "digits", "--network", network, "--images", "120", "--validation", "30", "--test-images", "40", "--batch", "20",
                "--channels", "4", "--shift", "1", "--output", folder["run"], .. Short]);
        JsonElement result = Result(run);
        Assert.Equal(("digits", network, 40), (Text(result, "data"), Text(result, "network"), result.GetProperty("samples").GetInt32()));
        Assert.Equal(40, result.GetProperty("statuses").GetProperty("Completed").GetInt32());
        Assert.Equal("accuracy", Text(result.GetProperty("score"), "name"));
        FlowModelConfig config = (FlowModelConfig)ModelFolder.LoadConfig(folder["run"]);
        ConvolutionalOdeOptions sizes = (ConvolutionalOdeOptions)config.Network;
        Assert.Equal((28, 28, 1, 10, 4, zeros), (sizes.Height, sizes.Width, sizes.InputChannels, sizes.Classes, sizes.Channels, sizes.Zeros));
        Assert.InRange(config.Normalization.Deviation[0], 0.1, 0.5);
        Assert.Contains("Confusion on the test images", File.ReadAllText(folder["run/report.html"]), StringComparison.Ordinal);

        JsonElement again = Result(CliRun.Of("evaluate", "--model", folder["run"], "--batch", "7", "--threads", "1", "--json"));
        Assert.Equal(result.GetProperty("testAccuracy").GetDouble(), again.GetProperty("testAccuracy").GetDouble());
        Assert.Equal(result.GetProperty("testLoss").GetDouble(), again.GetProperty("testLoss").GetDouble(), 1e-5);
        Audited(folder, samples: 4, least: -1);
        string image = TestImages.Write(folder["two.png"]);
        JsonElement seen = Result(CliRun.Of("predict", "--model", folder["run"], image, "--json")).GetProperty("images")[0];
        Assert.Equal("Completed", Text(seen, "status"));
        Assert.Equal(1, seen.GetProperty("probabilities").EnumerateArray().Sum(share => share.GetDouble()), 1e-5);
        Assert.InRange(seen.GetProperty("class").GetInt32(), 0, 9);
        JsonElement cut = Result(CliRun.Of("predict", "--model", folder["run"], image, "--max-steps", "1", "--tolerance", "1e-6", "--absolute-tolerance", "1e-9", "--json"))
            .GetProperty("images")[0];
        Assert.Equal(("MaxStepsReached", JsonValueKind.Null), (Text(cut, "status"), cut.GetProperty("class").ValueKind));
        CliRun.Of("predict", "--model", folder["run"], image, "--starts", "4").Failed(ExitCodes.Usage, "--starts is not for flows");
        CliRun.Of("evaluate", "--model", folder["run"], "--data", "annuli").Failed(ExitCodes.Failure, "the model is for images, as digits; --data annuli is of flows.");
        CliRun.Of("train", "--from", folder["run"], "--data", "digits", "--network", "neural-ode", "--output", folder["more"]).Failed(
            ExitCodes.Usage, "the model there is another network than this run's");
    }

    /// <summary>Straight ways take fewer evaluations, and what is evaluated has no term beside its loss.</summary>
    [Fact]
    public void The_method_that_is_named_is_kept_with_the_model_and_used_wherever_it_is()
    {
        using TemporaryFolder folder = new();
        string[] train = ["train", "--data", "annuli", "--samples", "64", "--validation", "40", "--test-samples", "60", "--epochs", "1", "--threads", "1", "--json"];
        JsonElement usual = Result(CliRun.Of([.. train, "--output", folder["usual"]]));
        CliRun run = CliRun.Of([.. train, "--method", "bosh3", "--tolerance", "1e-2", "--absolute-tolerance", "1e-2", "--output", folder["run"]]);
        Assert.Contains("bosh3, tolerance 0.01 and absolute 0.01", run.Output, StringComparison.Ordinal);
        Assert.Equal(("tsit5", "bosh3"), (Method("usual"), Method("run")));

        // Tsit5 evaluates 1 + 6 n times for n steps tried, Bosh3 1 + 3 n times.
        JsonElement again = Result(CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1", "--json"));
        Assert.Equal(Result(run).GetProperty("evaluations").GetInt64(), again.GetProperty("evaluations").GetInt64());
        Assert.Equal(Result(run).GetProperty("loss").GetDouble(), again.GetProperty("loss").GetDouble());
        string config = folder["run/config.json"];
        File.WriteAllText(config, File.ReadAllText(config).Replace("bosh3", "tsit5", StringComparison.Ordinal));
        JsonElement other = Result(CliRun.Of("evaluate", "--model", folder["run"], "--threads", "1", "--json"));
        Assert.NotEqual(again.GetProperty("evaluations").GetInt64(), other.GetProperty("evaluations").GetInt64());
        Assert.Contains("tsit5, tolerance 0.01", CliRun.Of("info", "--model", folder["run"]).Succeeded().Output, StringComparison.Ordinal);

        // A run goes on with its method, also one whose file is older than methods.
        CliRun.Of("train", "--resume", "--output", folder["run"]).Succeeded();
        string settings = folder["usual/run.json"];
        string older = System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(settings), ",?\\s*\"method\": \"tsit5\"", "");
        Assert.NotEqual(File.ReadAllText(settings), older);
        File.WriteAllText(settings, older);
        CliRun.Of("train", "--resume", "--output", folder["usual"]).Succeeded();

        CliRun.Of("train", "--data", "digits", "--method", "bosh3", "--output", folder["x"]).Failed(ExitCodes.Usage, "--method bosh3 is for flows alone; the data are digits.");
        CliRun.Of("train", "--data", "mazes:9", "--method", "bosh3", "--output", folder["x"]).Failed(ExitCodes.Usage, "--method bosh3 is for flows alone");
        CliRun.Of("train", "--data", "annuli", "--method", "rk4", "--output", folder["x"]).Failed(ExitCodes.Usage, "--method", "rk4");
        Assert.False(Directory.Exists(folder["x"]));

        string Method(string name) => ((FlowModelConfig)ModelFolder.LoadConfig(folder[name])).Method;
    }

    [Fact]
    public void Penalties_of_the_ways_make_them_cheaper()
    {
        using TemporaryFolder folder = new();
        double Evaluations(string name, params string[] more) => Result(CliRun.Of(
            ["train", "--data", "annuli", "--samples", "256", "--validation", "20", "--test-samples", "40", "--epochs", "6", "--tolerance", "1e-5",
                "--absolute-tolerance", "1e-5", "--threads", "1", "--json", "--output", folder[name], .. more])).GetProperty("meanEvaluations").GetDouble();
        double without = Evaluations("none"), kinetic = Evaluations("kinetic", "--kinetic-penalty", "0.3"), both = Evaluations("both", "--kinetic-penalty", "0.1", "--jacobian-penalty", "0.1");
        Assert.True(kinetic < without && both < without, $"{without}, {kinetic}, {both}");
        CliRun.Of("train", "--data", "digits", "--kinetic-penalty", "0.1", "--output", folder["x"]).Failed(ExitCodes.Usage, "--kinetic-penalty 0.1 is for flows alone");
    }

    [Fact]
    public void On_a_line_nothing_can_be_swapped_and_in_a_plane_it_can()
    {
        using TemporaryFolder folder = new();
        double Loss(string network) => Result(CliRun.Of(
            "train", "--data", "swap", "--network", network, "--epochs", "12", "--samples", "1000", "--test-samples", "10", "--threads", "1",
            "--json", "--output", folder[network])).GetProperty("loss").GetDouble();

        // No increasing function sends -1 to 1 and 1 to -1 with a mean square below 1.
        Assert.InRange(Loss("neural-ode"), 0.99, 4);
        Assert.InRange(Loss("augmented-ode"), 0, 0.01);
    }

    [Fact]
    public void A_table_is_forecast_in_its_own_units_with_a_picture()
    {
        using TemporaryFolder folder = new();
        string table = Table(folder, rows: 60);
        JsonElement result = Result(CliRun.Of(["train", "--data", $"csv:{table}", "--output", folder["run"], .. Short]));
        Assert.Equal(($"csv:{table}", 1), (Text(result, "data"), result.GetProperty("scores").EnumerateObject().Count()));
        SeriesForecasterOptions network = (SeriesForecasterOptions)((FlowModelConfig)ModelFolder.LoadConfig(folder["run"])).Network;
        Assert.Equal(("level", 0.25), (string.Join(',', network.Columns), network.TimeUnit));
        Assert.InRange(network.Means[0], 990, 1010);

        CliRun run = CliRun.Of("predict", "--model", folder["run"], table, "--rows", "4", "--output", folder["f.png"], "--json");
        JsonElement forecast = Result(run).GetProperty("series")[0];
        Assert.Equal([15, 15.25, 15.5, 15.75], forecast.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("time").GetDouble()));
        Assert.All(forecast.GetProperty("rows").EnumerateArray(), row => Assert.InRange(row.GetProperty("values")[0].GetDouble(), 900, 1100));
        Assert.True(File.Exists(folder["f.png"]));
        Assert.Contains("from time 14.75", run.Output, StringComparison.Ordinal);
        Audited(folder, samples: 4);
        CliRun.Of("predict", "--model", folder["run"], table, "--output", folder["f.gif"]).Failed(ExitCodes.Usage, "must end in .png or .svg");
        CliRun.Of("predict", "--model", folder["run"], folder.Write("other.csv", "time,x\n1,2\n"u8)).Failed(
            ExitCodes.Failure, "other.csv: the columns are x; the model was trained on level, in this order.");
        CliRun.Of("predict", "--model", folder["run"], folder.Write("bad.csv", "time,level\n1,x\n"u8)).Failed(
            ExitCodes.Failure, "bad.csv: line 2: column 'level': 'x' is no finite number");
    }

    [Fact]
    public void Short_series_late_gaps_and_close_times_are_told()
    {
        using TemporaryFolder folder = new();
        string text = "time,series,level\n" + string.Concat(
            from series in new[] { "long", "short" }
            from row in Enumerable.Range(0, series == "long" ? 120 : 5)
            select FormattableString.Invariant($"{1_700_000_000 + row},{series},{(series == "long" && row > 117 ? "" : $"{Math.Sin(row)}")}\n"));
        string table = folder.Write("two.csv", Encoding.UTF8.GetBytes(text));
        CliRun run = CliRun.Of(["train", "--data", $"csv:{table}", "--output", folder["run"], .. Short]);
        Assert.Contains("1 of 2 series have no window of 8 rows in training and do not count there", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 of 2 series have no window of 8 rows in test", run.Output, StringComparison.Ordinal);
        Assert.Contains("on average, in standard deviations", run.Output, StringComparison.Ordinal);
        CliRun evaluated = CliRun.Of("evaluate", "--model", folder["run"], "--split", "validation");
        Assert.Contains("1 of 2 series have no window of 8 rows in validation", evaluated.Succeeded().Output, StringComparison.Ordinal);
        CliRun.Of("evaluate", "--model", folder["run"], "--data", "annuli").Failed(ExitCodes.Usage, "is for tables and does not take annuli.");
        CliRun.Of("evaluate", "--model", folder["run"], "--data", $"csv:{Table(folder, 60)}").Succeeded();
        CliRun.Of("evaluate", "--model", folder["run"], "--data", $"csv:{folder.Write("other.csv", "time,x\n1,2\n"u8)}").Failed(
            ExitCodes.Failure, "other.csv: the columns are x; the model was trained on level, in this order.");

        CliRun told = CliRun.Of("predict", "--model", folder["run"], table, "--rows", "3");
        Assert.Contains("long, from time 1700000117; 2 rows behind it have empty cells and are not used", told.Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("1700000118", told.Output, StringComparison.Ordinal);
        Assert.Contains("1700000119", told.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_trained_leaves_nothing_behind()
    {
        using TemporaryFolder folder = new();
        CliRun Train(params string[] more) => CliRun.Of(["train", "--output", folder["run"], .. more]);
        Train("--data", $"csv:{folder["none.csv"]}").Failed(ExitCodes.Failure, "none.csv: the file does not exist.");
        Train("--data", $"csv:{Table(folder, rows: 6)}").Failed(ExitCodes.Failure, "too little to train on, validate and test.");
        Train("--data", $"csv:{Table(folder, rows: 60)}", "--validation", "50").Failed(ExitCodes.Usage, "--validation 50: of a table one row in seven");
        Train("--data", $"csv:{folder.Write("far.csv", Encoding.UTF8.GetBytes("time,x\n" + string.Concat(Enumerable.Range(0, 30).Select(row => $"{row},{(row % 2 == 0 ? "" : "-")}1e300\n"))))}")
            .Failed(ExitCodes.Failure, "far.csv, in the rows that are trained on: Column 'x' is between -1E+300 and 1E+300");
        Train("--network", "neural-ode").Failed(ExitCodes.Usage, "--network neural-ode: that is for flows");
        Train("--data", "swap", "--tolerance", "1e-9").Failed(ExitCodes.Usage, "--tolerance 1E-09: A relative tolerance");
        Train("--data", "csv:").Failed(ExitCodes.Usage, "csv: names no file");
        Train("--data", "annuli", "--network", "mnist-fpn").Failed(ExitCodes.Usage, "--network mnist-fpn: that is for images");
        Train("--data", "digits", "--network", "neural-ode", "--solver", "anderson").Failed(
            ExitCodes.Usage, "--solver anderson is not for flows; the network is neural-ode. Leave it out, or name another.");
        Train("--data", "digits", "--network", "neural-ode", "--samples", "9").Failed(ExitCodes.Usage, "--samples 9 is not for flows");
        CliRun.Of("compare", "--data", "digits", "--network", "neural-ode", "--output", folder["run"]).Failed(
            ExitCodes.Usage, "--network neural-ode is for flows, which have no fixed points to find");
        Train("--data", "annuli", "--solver", "anderson").Failed(ExitCodes.Usage, "--solver anderson is not for flows; the data are annuli.");
        Train("--data", "mazes:9", "--network", "neural-ode").Failed(ExitCodes.Usage, "--network neural-ode: that is for flows; the data are mazes:9. Name one of annuli, swap, csv:FILE, digits, mnist, fashion-mnist, cifar10, svhn by --data.");
        CliRun.Of("compare", "--data", "annuli", "--output", folder["run"]).Failed(ExitCodes.Usage, "which have no fixed points to find");
        Assert.False(Directory.Exists(folder["run"]));
    }

    /// <summary>The model's own gradient is the exact one; the others have the same columns beside it.</summary>
    private static void Audited(TemporaryFolder folder, int samples, double least = 0.9)
    {
        CliRun run = CliRun.Of("audit", "--model", folder["run"], "--count", $"{samples}", "--output", folder["audit"], "--threads", "1", "--json");
        JsonElement result = Result(run);
        Assert.Equal((samples, samples), (result.GetProperty("samples").GetInt32(), result.GetProperty("converged").GetInt32()));
        JsonElement[] gradients = [.. result.GetProperty("gradients").EnumerateArray()];
        Assert.Equal(["discrete adjoint", "backsolve", "truncated(1)"], gradients.Select(gradient => Text(gradient, "name")));
        Assert.Equal(1, gradients[0].GetProperty("cosine").GetDouble(), 1e-12);
        Assert.Equal(0, gradients[0].GetProperty("relativeError").GetDouble());
        Assert.InRange(gradients[0].GetProperty("stepsCosine").GetDouble(), least, 1);
        Assert.InRange(gradients[1].GetProperty("cosine").GetDouble(), least, 1);
        Assert.InRange(gradients[2].GetProperty("relativeError").GetDouble(), 1e-3, 10);
        Assert.Equal(Text(gradients[0], "verdict"), Text(result, "verdict"));
        Assert.Contains("against the exact gradient of the same steps", run.Output, StringComparison.Ordinal);
        Assert.Contains("at a hundredth of the tolerance", File.ReadAllText(folder["audit/audit.html"]), StringComparison.Ordinal);
    }

    private static string Table(TemporaryFolder folder, int rows)
    {
        StringBuilder text = new("time,level\n");
        for (int row = 0; row < rows; row++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row / 4.0},{(row % 10 == 3 ? "" : $"{1000 + (20 * Math.Sin(row / 5.0)):0.000}")}\n");
        }

        return folder.Write($"{rows}.csv", Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static JsonElement Result(CliRun run)
    {
        using JsonDocument document = JsonDocument.Parse(run.Succeeded().LastLine);
        return document.RootElement.Clone();
    }

    private static string Text(JsonElement result, string name) => result.GetProperty(name).GetString()!;
}
