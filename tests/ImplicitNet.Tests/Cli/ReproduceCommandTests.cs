using System.Text.Json;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Reproduction;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Tests.Cli;

/// <summary>reproduce, on images that are noise: what it writes is looked at, never its figures.</summary>
[Collection(nameof(TinyReproduction))]
public sealed class ReproduceCommandTests(TinyReproduction reproduction) : TensorTest
{
    [Fact]
    public void A_reproduction_is_planned_run_reported_and_goes_on_with_its_plan()
    {
        using TemporaryFolder folder = new();
        string output = folder["paper"];
        reproduction.CopyTo(output);
        CliRun run = reproduction.Run.Succeeded();
        Assert.Contains("Plan jfb, published, explicit, implicit:cg-normal, monotone, neural-ode, augmented-ode; 1 epoch; seed 7; about ", run.Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        Assert.Equal(
            ["data", "hours", "epochs", "seeds", "leftOut", "threads", "output", "trainings", "ownNetworks", "applications", "failures"], json.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(7, json.RootElement.GetProperty("trainings").GetArrayLength());
        Assert.Equal(["monotone", "neural-ode", "augmented-ode"], json.RootElement.GetProperty("ownNetworks").EnumerateArray().Select(name => name.GetString()));
        Assert.All(json.RootElement.GetProperty("trainings").EnumerateArray(), training => Assert.NotEqual(JsonValueKind.Null, training.GetProperty("testAccuracy").ValueKind));
        Assert.Equal(6, json.RootElement.GetProperty("applications")[0].GetProperty("rows").GetArrayLength());
        Assert.Equal(["calibration", "charts", "plan.json", "report.html", "report.md", "runs", "runs.csv"], Directory.EnumerateFileSystemEntries(output).Select(path => Path.GetFileName(path)).Order());
        string report = File.ReadAllText(Path.Combine(output, "report.md"));
        Assert.All(["clean form, CG-based", "| 54,352 |", "| 35,856 |", "gamma 0.95", "on 10 images held out", "| Neural ODE, ours | 208,266 | 1 |", "| Augmented Neural ODE, ours |", "| 96.4 | – |", "| 98.2 | – |", "| MON, ours | 49,210 | 1 |", "| 99.2 | – |", "peaceman-rachford, by JFB", "| Neural ODE | another network, other settings | our own: "], text => Assert.Contains(text, report, StringComparison.Ordinal));

        Assert.DoesNotContain("not run here", report, StringComparison.Ordinal);

        // The flows are trained as train trains them, on the same images.
        RunSettings flow = RunSettingsFile.Read(Path.Combine(output, "runs", "augmented-ode-seed7"));
        Assert.Equal(("augmented-ode", 64, 20, 10, 10, 1, 7L), (flow.Network, flow.Batch, flow.Images!.Value, flow.Validation, flow.TestImages!.Value, flow.Epochs, flow.Seed));

        // As after a kill: what is complete stays, what is not is run, nothing is calibrated again.
        string plan = File.ReadAllText(Path.Combine(output, "plan.json"));
        DateTime kept = File.GetLastWriteTimeUtc(Path.Combine(output, "runs", "jfb-seed7", "checkpoint.safetensors"));
        File.Delete(Path.Combine(output, "runs", "explicit-seed7", "result.json"));
        File.Delete(Path.Combine(output, "report.md"));
        run = CliRun.Of(reproduction.Arguments(output)).Succeeded();
        Assert.Contains("Going on with the plan of the folder.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("calibrating", run.Output, StringComparison.Ordinal);
        Assert.Equal((plan, kept), (File.ReadAllText(Path.Combine(output, "plan.json")), File.GetLastWriteTimeUtc(Path.Combine(output, "runs", "jfb-seed7", "checkpoint.safetensors"))));
        Assert.True(File.Exists(Path.Combine(output, "report.md")));

        // A folder of before the flows: its plan is gone on with as it is, and the report does not claim that they were run.
        ReproductionPlanFile stored = JsonSerializer.Deserialize(plan, ReproductionPlanJson.Default.ReproductionPlanFile)!;
        (stored with { Plan = stored.Plan with { Trainings = [.. stored.Plan.Trainings.Take(4)], Costs = [.. stored.Plan.Costs.Take(4)] } }).Write(output);
        run = CliRun.Of(reproduction.Arguments(output)).Succeeded();
        Assert.Contains("Plan jfb, published, explicit, implicit:cg-normal; 1 epoch", run.Output, StringComparison.Ordinal);
        report = File.ReadAllText(Path.Combine(output, "report.md"));
        Assert.Contains("not run here: Neural ODE 96.4, Augmented Neural ODE 98.2, MON 99.2.", report, StringComparison.Ordinal);
        Assert.All(["ODE, ours", "MON, ours", "another network", "neural-ode"], text => Assert.DoesNotContain(text, report, StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(output, "plan.json"), plan);

        CliRun.Of([.. reproduction.Arguments(output), "--gamma", "0.7"]).Failed(2, "--gamma 0.7", "0.5");
        CliRun.Of([.. reproduction.Arguments(output).Select(text => text == TinyReproduction.Hours ? "2" : text)]).Failed(2, "plan.json", "--hours 5, now it is 2");
        File.WriteAllText(Path.Combine(output, "plan.json"), plan.Replace("\"published\"", "\"adam\"", StringComparison.Ordinal));
        CliRun.Of(reproduction.Arguments(output)).Failed(1, "plan.json", "no plan that can be gone on with");
        File.WriteAllText(Path.Combine(output, "plan.json"), plan[..40]);
        CliRun.Of(reproduction.Arguments(output)).Failed(1, "plan.json");
    }

    [Fact]
    public void Too_little_time_is_told_with_what_is_needed()
    {
        using TemporaryFolder folder = new();
        BadData.WriteDigits(folder);
        CliRun run = CliRun.Of([.. Arguments(folder).Select(text => text == TinyReproduction.Hours ? "0.000001" : text)]);
        run.Failed(1, "--hours 0.000001: one epoch of the clean form by JFB, with its test, takes more than ", "0.0 s are left. Nothing was calibrated.");
        Assert.StartsWith("Reproducing the JFB paper on mnist, 0.0 s, ", run.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["paper"]));

        // More than an epoch cannot take less than, and less than the calibration finds: half a second.
        run = CliRun.Of([.. Arguments(folder).Select(text => text == TinyReproduction.Hours ? "0.00014" : text)]);
        run.Failed(1, "--hours 0.00014: one epoch of the clean form by JFB, with its test, ");
        Assert.InRange(run.Output.Split(" per epoch, ").Length - 1, 0, 1);
    }

    [Theory]
    [InlineData("imagenet --hours 1", "must be mnist, cifar10 or svhn; given imagenet")]
    [InlineData("digits --hours 1", "given digits")]
    [InlineData("mnist", "--hours")]
    [InlineData("mnist --hours 0", "--hours must be a finite number above 0; given 0")]
    [InlineData("mnist --hours 1 --seeds 1,1", "1 is there more than once")]
    public void What_cannot_be_reproduced_is_refused_before_anything_is_written(string options, string expected)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["reproduce", "--output", folder["paper"], .. options.Split(' ')]).Failed(2, expected);
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Missing_data_are_told_before_anything_is_run()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(Arguments(folder)).Failed(1, BadData.TrainImages);
        Assert.False(Directory.Exists(Path.Combine(folder["paper"], "calibration")));
    }

    [Theory]
    [InlineData("mnist", 0.95, 1, 0)]
    [InlineData("svhn", 0.9, 1, 0)]
    [InlineData("cifar10", 0.9, 1, 0)]
    public void The_published_form_is_that_of_the_weight_files(string data, double gamma, int layers, int shift)
    {
        RunSettings clean = ReproductionSettings.Clean(data);
        RunSettings published = ReproductionSettings.Of(clean, "published");
        Assert.Equal((true, gamma, layers, shift, 1e-2), (published.Published, published.Gamma, published.LatentLayers!.Value, published.Shift, published.Tolerance));
        Assert.Equal((false, 0.5, false), (clean.Published, clean.Gamma, clean.Augment));
        RunSettingsFile.EnsureSame(clean, ReproductionSettings.Of(clean, "jfb"));
        RunSettingsFile.EnsureSame(clean with { Explicit = true }, ReproductionSettings.Of(clean, "explicit"));
        RunSettingsFile.EnsureSame(clean with { Gradient = "implicit:cg-normal" }, ReproductionSettings.Of(clean, "implicit:cg-normal"));
    }

    [Theory]
    [InlineData("mnist", "jfb published explicit implicit:cg-normal monotone neural-ode augmented-ode")]
    [InlineData("svhn", "jfb published explicit implicit:cg-normal")]
    [InlineData("cifar10", "jfb published explicit implicit:cg-normal")]
    public void Networks_of_our_own_are_trained_on_mnist_as_train_trains_them_and_the_rest_on_all_data(string data, string expected)
    {
        Assert.Equal(expected, string.Join(' ', ReproductionSettings.Trainings(data).Select(training => training.Name)));
        RunSettings clean = ReproductionSettings.Clean(data) with { Seed = 5, Epochs = 3, Images = 70, Threads = 2 };
        foreach (ReproducedTraining flow in ReproductionSettings.Trainings(data).Where(training => training.OtherMethod is not null))
        {
            RunSettings alone = RunKinds.DefaultsFor(data, network: flow.Name) with { Network = flow.Name, Seed = 5, Epochs = 3, Images = 70, Threads = 2 };
            RunSettingsFile.EnsureSame(alone, ReproductionSettings.Of(clean, flow.Name));
            Assert.Equal(flow.Name == "monotone" ? typeof(MonotoneImages) : typeof(FlowImages), RunKinds.Of(ReproductionSettings.Of(clean, flow.Name)).GetType());
        }
    }

    private static string[] Arguments(TemporaryFolder folder, params string[] more) => [.. TinyReproduction.Arguments(folder.Path, folder["paper"]), .. more];
}
