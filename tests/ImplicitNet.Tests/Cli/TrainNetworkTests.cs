using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Cli;

/// <summary>The networks of the paper under train.</summary>
public sealed class TrainNetworkTests : TensorTest
{
    [Theory]
    [InlineData("digits", "mnist-fpn")]
    [InlineData("mnist", "mnist-fpn")]
    [InlineData("fashion-mnist", "mnist-fpn")]
    [InlineData("cifar10", "cifar10-fpn-small")]
    [InlineData("svhn", "svhn-fpn")]
    public void A_data_set_has_its_network(string data, string network)
    {
        Assert.Equal((network, 1e-3), (RunKinds.DefaultsFor(data).Network, RunKinds.DefaultsFor(data).Tolerance));
        Assert.Equal((network, 1e-2), (RunKinds.DefaultsFor(data, isPublished: true).Network, RunKinds.DefaultsFor(data, isPublished: true).Tolerance));
    }

    [Theory]
    [InlineData("mnist", null, false, null, "digit-classifier", 35_856)]
    [InlineData("mnist", null, false, 1, "digit-classifier", 35_856)]
    [InlineData("mnist", null, false, 2, "digit-classifier", 54_352)]
    [InlineData("mnist", null, true, null, "mnist-fpn", 35_856)]
    [InlineData("mnist", null, true, 2, "mnist-fpn", 54_352)]
    [InlineData("svhn", null, false, null, "svhn-contraction", 163_488)]
    [InlineData("svhn", null, true, null, "svhn-fpn", 163_744)]
    [InlineData("cifar10", null, true, 1, "svhn-fpn", 163_744)]
    [InlineData("cifar10", "cifar10-fpn", false, null, "cifar10-contraction", 843_430)]
    [InlineData("cifar10", "cifar10-fpn", true, null, "cifar10-fpn", 843_430)]
    public void A_network_and_its_explicit_twin_have_the_size_of_the_papers(string data, string? name, bool isPublished, int? layers, string architecture, long parameters)
    {
        RunSettings settings = RunKinds.DefaultsFor(data, isPublished) with { LatentLayers = layers, Gamma = 0.7 };
        settings = settings with { Network = name ?? settings.Network };
        foreach (bool isExplicit in (bool[])[false, true])
        {
            Assert.Null(NetworkChoice.Problem(settings with { Explicit = isExplicit }));
            ScaledClassifierOptions options = NetworkChoice.Create(settings with { Explicit = isExplicit });
            Assert.Equal((architecture, 0.7, isExplicit), (options.Architecture, options.Gamma, options.Explicit));
            using ImplicitNetwork network = options.CreateNetwork();
            Assert.Equal(parameters, network.parameters().Sum(parameter => parameter.numel()));
        }
    }

    [Fact]
    public void The_published_form_trains_on_though_no_batch_converges_and_says_so()
    {
        using TemporaryFolder folder = new();
        string[] arguments = TinyModel.Arguments("--output", folder["run"], "--published", "--max-steps", "2", "--learning-rate", "0.01");
        CliRun run = CliRun.Of(arguments).Succeeded();
        Assert.Contains("mnist-fpn, published form (batch norm in R)", run.Output, StringComparison.Ordinal);
        Assert.Contains("35,856 parameters, gamma 0.5, tolerance 0.01", run.Output, StringComparison.Ordinal);
        Assert.Contains("100.00 % of the solves did not converge", run.Output, StringComparison.Ordinal);
        IReadOnlyList<EpochRecord> epochs = RunHistory.ReadEpochs(Path.Combine(folder["run"], "history.jsonl"));
        Assert.All(epochs, epoch => Assert.Equal(200, epoch.SolverFailures));
        Assert.True(epochs[1].TrainLoss < epochs[0].TrainLoss - 0.1, $"{epochs[0].TrainLoss} {epochs[1].TrainLoss}");
        string report = File.ReadAllText(Path.Combine(folder["run"], "report.html"));
        Assert.Contains("The network mnist-fpn, published form (batch norm in R), of 35,856 parameters", report, StringComparison.Ordinal);
        Assert.Contains("Not converged", report, StringComparison.Ordinal);

        CliRun.Of("train", "--resume", "--output", folder["run"], "--published").Succeeded();
        CliRun.Of("train", "--resume", "--output", folder["run"], "--latent-layers", "2").Failed(2, "--latent-layers 2", "started with none");
        CliRun.Of("train", "--resume", "--output", folder["run"], "--explicit").Failed(2, "--explicit true", "started with false");
    }

    /// <summary>Ten steps an epoch: the first is unrolled, the second solved.</summary>
    [Fact]
    public void A_pretraining_is_said_at_the_beginning_and_its_steps_are_not_told_as_solves_that_fail()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--published", "--pretrain", "10", "--max-steps", "2", "--learning-rate", "0.01")).Succeeded();
        Assert.Contains("in the first 10 steps R is unrolled, by plain backpropagation", run.Output, StringComparison.Ordinal);
        IReadOnlyList<EpochRecord> epochs = RunHistory.ReadEpochs(Path.Combine(folder["run"], "history.jsonl"));
        Assert.Equal([1.0, 2.0], epochs.Select(epoch => epoch.SolverSteps));
        string[] told = [.. run.Output.Split('\n').Where(line => line.Contains("of the solves did not converge", StringComparison.Ordinal))];
        Assert.StartsWith("      2 ", Assert.Single(told), StringComparison.Ordinal);
        CliRun.Of("train", "--resume", "--output", folder["run"], "--pretrain", "5").Failed(2, "--pretrain 5", "started with 10");
    }

    [Fact]
    public void The_explicit_twin_is_trained_by_plain_backpropagation()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(TinyModel.Arguments("--output", folder["run"], "--explicit")).Succeeded();
        Assert.Contains("Training an explicit twin on digits, by plain backpropagation", run.Output, StringComparison.Ordinal);
        Assert.True(((ModelConfig)ModelFolder.LoadConfig(folder["run"])).Network.Explicit);
        IReadOnlyList<EpochRecord> epochs = RunHistory.ReadEpochs(Path.Combine(folder["run"], "history.jsonl"));
        Assert.Equal(2, epochs.Count);
        Assert.All(epochs, epoch => Assert.Equal((0, 0), (epoch.SolverFailures, epoch.Products)));
    }

    [Fact]
    public void A_run_begun_before_there_was_a_choice_is_of_the_digit_classifier()
    {
        using TemporaryFolder folder = new();
        RunSettingsFile.Write(folder.Path, RunKinds.DefaultsFor("cifar10") with { Threads = 1 });
        string[] lines = File.ReadAllLines(folder["run.json"]);
        string[] old = [.. lines.Where(line => !line.Contains("\"network\"", StringComparison.Ordinal) && !line.Contains("\"published\"", StringComparison.Ordinal) && !line.Contains("\"explicit\"", StringComparison.Ordinal))];
        Assert.Equal(lines.Length - 3, old.Length);
        File.WriteAllLines(folder["run.json"], old);
        RunSettings settings = RunSettingsFile.Read(folder.Path);
        Assert.IsType<DigitClassifierOptions>(NetworkChoice.Create(settings));
        RunSettingsFile.EnsureSame(settings, settings with { Network = "mnist-fpn" });
        Assert.IsType<ContractiveSvhnFpnOptions>(NetworkChoice.Create(RunKinds.DefaultsFor("cifar10")));
    }

    [Theory]
    [InlineData("--network resnet", "--network must be mnist-fpn, svhn-fpn, cifar10-fpn-small, cifar10-fpn, monotone, well-posed, well-posed-low-rank, multiscale, robust, neural-ode or augmented-ode")]
    [InlineData("--network svhn-fpn --latent-layers 2", "--latent-layers 2: only the published form of svhn-fpn")]
    [InlineData("--latent-layers 0", "--latent-layers must be a whole number from 1 to 50")]
    [InlineData("--explicit --gradient neumann", "--gradient neumann:3: the explicit twin")]
    [InlineData("--published --certificate-every 5", "--certificate-every 5: certificates are sample by sample")]
    [InlineData("--published --jacobian-penalty 0.5", "--jacobian-penalty 0.5: the penalty is sample by sample")]
    public void What_no_network_can_be_is_refused_before_anything_is_written(string options, string expected)
    {
        using TemporaryFolder folder = new();
        CliRun.Of(["train", "--data", "digits", "--output", folder["run"], .. options.Split(' ')]).Failed(2, expected);
        Assert.Empty(folder.Names);
    }

    [Theory]
    [InlineData("\"network\": \"mnist-fpn\"", "\"network\": \"resnet\"", "network must be mnist-fpn, svhn-fpn")]
    [InlineData("\"explicit\": false", "\"explicit\": true, \"latent-layers\": 99", "latent-layers must be a whole number from 1 to 50")]
    public void Settings_of_no_network_are_refused(string right, string wrong, string expected)
    {
        using TemporaryFolder folder = new();
        RunSettingsFile.Write(folder.Path, RunKinds.DefaultsFor("digits") with { Threads = 1 });
        string text = File.ReadAllText(folder["run.json"]);
        Assert.Contains(right, text, StringComparison.Ordinal);
        File.WriteAllText(folder["run.json"], text.Replace(right, wrong, StringComparison.Ordinal));
        CliRun.Of("train", "--resume", "--output", folder.Path).Failed(1, "run.json", expected);
    }
}
