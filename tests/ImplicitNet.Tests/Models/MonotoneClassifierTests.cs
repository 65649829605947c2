using ImplicitNet.Gradients;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models;

public sealed class MonotoneClassifierTests : TensorTest
{
    private static readonly MonotoneClassifierOptions Small = new()
    {
        Height = 12,
        Width = 15,
        LatentChannels = 3,
        HiddenChannels = 2,
        HiddenPooling = 2,
        Classes = 4,
        Monotonicity = 0.5,
    };

    private static readonly MonotoneClassifierOptions Colour = new()
    {
        Height = 32,
        Width = 32,
        ImageChannels = 3,
        LatentChannels = 81,
        HiddenChannels = 0,
        Pooling = 2,
        ReadoutPooling = 2,
    };

    // Encoder without bias and with two numbers of a norm for every channel, A and B, and a linear layer with bias.
    [Fact]
    public void The_networks_have_the_parameters_that_their_documentation_counts()
    {
        Assert.Equal((144 + 32) + (4608 + 64) + (2 * 9216) + (10 * (32 * 81)) + 10, Parameters(new MonotoneClassifierOptions()));
        Assert.Equal((2187 + 162) + (2 * 59_049) + (10 * (81 * 64)) + 10, Parameters(Colour));
        Assert.Equal(49_210, Parameters(new MonotoneClassifierOptions()));
        Assert.Equal(172_297, Parameters(Colour));
    }

    [Fact]
    public void Every_image_has_one_fixed_point_that_the_default_solver_finds_and_others_too()
    {
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = Small.CreateNetwork();
        network.eval();
        MonotoneOperator latentOperator = Assert.IsType<MonotoneOperator>(network.Layer.Operator);
        Assert.InRange(latentOperator.CertifyMonotonicity(), 0.5, 1);
        Tensor images = randn(5, 1, 12, 15);
        Assert.Equal((3, 6, 7), Small.LatentShape);
        Tensor[] answers = [.. new[] { "peaceman-rachford", "forward-backward", "anderson" }.Select(solver =>
        {
            network.Settings = new ModelConfig { Data = "x", Network = Small, Solver = solver, RelativeTolerance = 1e-6, MaxSteps = 1000 }.CreateSettings();
            using ImplicitResult result = network.Run(images);
            Assert.True(result.Report.AllConverged);
            return result.Output.alias();
        })];
        Assert.Equal([5, 4], answers[0].shape);
        Assert.All(answers, answer => Assert.InRange((answer - answers[0]).abs().max().ToDouble(), 0, 1e-4));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(2.0)]
    [InlineData(null)]
    [InlineData(double.PositiveInfinity)]
    public void However_large_the_weights_become_a_solve_takes_no_more_steps(double? limit)
    {
        random.manual_seed(5);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = (Small with { Lipschitz = limit }).CreateNetwork();
        network.eval();
        foreach ((string name, Tensor weight) in network.named_parameters())
        {
            if (name.Contains("symmetric", StringComparison.Ordinal) || name.Contains("skew", StringComparison.Ordinal))
            {
                weight.mul_(100);
            }
        }

        MonotoneOperator latentOperator = Assert.IsType<MonotoneOperator>(network.Layer.Operator);
        network.Settings = new ModelConfig { Data = "x", Network = Small, Solver = "peaceman-rachford", MaxSteps = 40 }.CreateSettings()
            with
        { OnFailure = new MaskFailures() };
        using ImplicitResult result = network.Run(randn(5, 1, 12, 15));
        double most = limit ?? (4 * 0.5);
        Assert.Equal(double.IsFinite(most), result.Report.AllConverged);
        Assert.InRange(latentOperator.BoundLipschitz(), 0.5, most * 1.03);
        Assert.True(latentOperator.CertifyMonotonicity() >= 0.5);
    }

    [Fact]
    public void The_limit_of_the_norm_is_4_m_where_nobody_chose()
    {
        random.manual_seed(6);
        using DisposeScope scope = NewDisposeScope();
        MonotoneClassifierOptions options = Small with { Monotonicity = 5 };
        using ImplicitNetwork network = options.CreateNetwork();
        MonotoneOperator latentOperator = Assert.IsType<MonotoneOperator>(network.Layer.Operator);
        using (no_grad())
        {
            latentOperator.Layer.Weight.mul_(100);
        }

        Assert.InRange(latentOperator.BoundLipschitz(), 10, 20.01);
        Assert.Null(options.Lipschitz);
        Assert.Throws<ArgumentException>(() => (options with { Lipschitz = 5 }).CreateNetwork());
        Assert.Throws<ArgumentOutOfRangeException>(() => options with { Lipschitz = double.NaN });
    }

    [Theory]
    [InlineData(null)]
    [InlineData(7.5)]
    [InlineData(double.PositiveInfinity)]
    public void A_limit_comes_back_from_its_file_and_null_there_is_none_as_it_was(double? limit)
    {
        ModelConfig config = new() { Data = "x", Network = Small with { Lipschitz = limit }, PixelMean = 0.1, PixelDeviation = 1 };
        string json = config.ToJson();
        Assert.Equal(config, ConfigReader.Parse(json));
        string? written = limit switch { null => null, 7.5 => "\"lipschitz\": 7.5", _ => "\"lipschitz\": null" };
        Assert.Equal(written is not null, json.Contains("lipschitz", StringComparison.Ordinal));
        Assert.Contains(written ?? "", json, StringComparison.Ordinal);
    }

    [Fact]
    public void One_step_of_training_reaches_every_weight()
    {
        random.manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = new ModelConfig { Data = "x", Network = Small }.CreateNetwork();
        nn.functional.cross_entropy(network.call(randn(4, 1, 12, 15)), tensor(new long[] { 0, 1, 2, 3 })).backward();
        Assert.All(network.named_parameters(), item => Assert.True(item.parameter.grad!.abs().sum().ToDouble() > 0, item.name));
    }

    [Fact]
    public void Such_a_network_is_solved_by_Peaceman_Rachford_where_nobody_says_otherwise_also_by_the_file()
    {
        ModelConfig config = new() { Data = "x", Network = Small, PixelMean = 0.1, PixelDeviation = 1 };
        Assert.Equal("peaceman-rachford", config.Solver);
        Assert.IsType<PeacemanRachfordSolver>(config.CreateSettings().Solver);
        Assert.Equal("picard", (config with { Network = Small with { Explicit = true } }).Solver);
        Assert.Equal("picard", new ModelConfig { Data = "x" }.Solver);
        string json = config.ToJson();
        Assert.Contains("\"solver\": \"peaceman-rachford\"", json, StringComparison.Ordinal);
        ModelConfig read = (ModelConfig)ConfigReader.Parse(json);
        Assert.Equal((config, config.GetHashCode()), (read, read.GetHashCode()));
        Assert.Equal(config, ConfigReader.Parse(json.Replace("\"solver\": \"peaceman-rachford\",", "", StringComparison.Ordinal)));
        Assert.NotEqual(config, config with { Solver = "anderson" });
        Assert.NotEqual(config, config with { Damping = 0.5 });
        Assert.NotEqual(config, config with { Data = "y" });
    }

    [Fact]
    public void The_same_network_comes_back_from_its_folder()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using IDisposable noGraph = no_grad();
        ModelConfig config = new() { Data = "x", Network = Small, PixelMean = 0.1, PixelDeviation = 1, Gradient = "implicit:forward-backward" };
        using ImplicitNetwork network = config.CreateNetwork();
        network.eval();
        ModelFolder.Save(folder.Path, config, network);
        (ImplicitNetwork loaded, ModelConfig found) = ModelFolder.Load(folder.Path);
        using ImplicitNetwork owned = loaded;
        Assert.Equal(config, found);
        Assert.IsType<ForwardBackwardSolver>(
            Assert.IsType<SplittingLinearSolver>(Assert.IsType<ImplicitGradient>(loaded.Settings.Gradient).Solver).Solver);
        Tensor images = randn(2, 1, 12, 15);
        Assert.True(network.call(images).equal(loaded.call(images)).all().ToBoolean());
    }

    [Fact]
    public void A_splitting_on_another_network_is_refused_by_name()
    {
        ModelConfig other = new() { Data = "x" };
        Assert.Equal(
            "solver forward-backward: a splitting is for a monotone network; this one is digit-classifier. Take picard or anderson.",
            Assert.Throws<ArgumentException>(() => (other with { Solver = "forward-backward" }).CreateSettings()).Message);
        Assert.StartsWith(
            "gradient implicit:peaceman-rachford: a splitting is for a monotone network",
            Assert.Throws<ArgumentException>(() => (other with { Gradient = "implicit:peaceman-rachford" }).CreateSettings()).Message, StringComparison.Ordinal);
        Assert.Contains(
            "monotone-classifier, explicit twin",
            Assert.Throws<ArgumentException>(() =>
                (other with { Network = Small with { Explicit = true }, Solver = "peaceman-rachford" }).CreateSettings()).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "damping 0.5: the solver peaceman-rachford takes its step from the network",
            Assert.Throws<ArgumentException>(() => (other with { Network = Small, Damping = 0.5 }).CreateSettings()).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "memory 3: the solver peaceman-rachford has no memory",
            Assert.Throws<ArgumentException>(() => (other with { Network = Small, Memory = 3 }).CreateSettings()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_that_leave_no_room_for_the_kernel_are_refused_with_what_to_lower()
    {
        Assert.Contains(
            "leave latents of 4 x 5; kernels of 3 x 3 and a readout pooled by 1 need at least 5 x 5. Lower HiddenPooling or Pooling.",
            Assert.Throws<ArgumentException>(() => (Small with { HiddenPooling = 3 }).CreateNetwork()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => (Small with { ReadoutPooling = 7 }).CreateNetwork());
        foreach (Func<MonotoneClassifierOptions> make in (Func<MonotoneClassifierOptions>[])
            [
                () => Small with { Monotonicity = 0 }, () => Small with { Monotonicity = double.NaN }, () => Small with { KernelSize = 2 },
                () => Small with { Monotonicity = double.PositiveInfinity }, () => Small with { Dropout = 1 }, () => Small with { Pooling = 0 },
                () => Small with { LatentChannels = 0 }, () => Small with { HiddenChannels = -1 }, () => Small with { ReadoutPooling = 65 },
            ])
        {
            Assert.Throws<ArgumentOutOfRangeException>(make);
        }

        Assert.Contains("numbers or more", Assert.Throws<InvalidOperationException>(
            () => (Small with { LatentChannels = 4096, KernelSize = 7 }).CreateNetwork()).Message, StringComparison.Ordinal);
    }

    private static long Parameters(MonotoneClassifierOptions options)
    {
        using ImplicitNetwork network = options.CreateNetwork();
        long count = network.parameters().Sum(parameter => parameter.numel());
        Assert.InRange(options.LeastNumbers, count / 2, count);
        return count;
    }
}
