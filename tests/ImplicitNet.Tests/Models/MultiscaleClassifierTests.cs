using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models;

public sealed class MultiscaleClassifierTests : TensorTest
{
    private static readonly MultiscaleClassifierOptions Small = new()
    {
        Height = 9,
        Width = 6,
        ImageChannels = 1,
        Classes = 4,
        Scales = 3,
        LatentChannels = 4,
        Expansion = 2,
        HeadChannels = 6,
    };

    // Encoder; two blocks, one path down and one up, two fusions, each convolution with the two numbers of a norm for every channel; the
    // block has a third norm. Those of a scale's last norms, of the second block and of the path up have a bias alone. Two heads, and a
    // linear layer with bias.
    [Fact]
    public void The_networks_have_the_parameters_that_their_documentation_counts()
    {
        long block = (24 * 120 * 9) + 240 + (120 * 24 * 9) + 48 + 48;
        long fusion = (24 * 24 * 9) + 48 + (24 * 24) + 24 + (2 * ((24 * 24) + 24));
        Assert.Equal((3 * 24 * 9) + 48 + (2 * block) - 24 + fusion + (2 * ((24 * 120 * 9) + 240)) + (10 * 240) + 10, Parameters(new MultiscaleClassifierOptions()));
        Assert.Equal(166_786, Parameters(new MultiscaleClassifierOptions()));
        _ = Parameters(Small);
    }

    [Fact]
    public void Images_are_solved_at_all_scales_and_answered()
    {
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = new ModelConfig { Data = "x", Network = Small, MaxSteps = 60 }.CreateNetwork();
        network.eval();
        Assert.Equal([(9, 6), (5, 3), (3, 2)], Small.LatentSizes);
        Assert.Equal((4, 9, 6), Small.LatentShape);
        MultiscaleOperator latentOperator = Assert.IsType<MultiscaleOperator>(network.Layer.Operator);
        Assert.Equal(4 * (54 + 15 + 6), latentOperator.Scales.Size);
        Assert.Equal(latentOperator.Scales.Norm, network.Stopping.Norm);
        Assert.IsType<AndersonSolver>(network.Solver);
        using ImplicitResult result = network.Run(randn(5, 1, 9, 6));
        Assert.True(result.Report.AllConverged, result.Report.ToString());
        Assert.Equal([5, 4], result.Output.shape);
    }

    [Fact]
    public void One_step_of_training_reaches_every_weight()
    {
        random.manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = new ModelConfig { Data = "x", Network = Small with { Dropout = 0.2 } }.CreateNetwork();
        network.OnFailure = new AcceptMaxSteps();
        nn.functional.cross_entropy(network.call(randn(4, 1, 9, 6)), tensor(new long[] { 0, 1, 2, 3 })).backward();
        Assert.All(network.named_parameters(), item => Assert.True(item.parameter.grad!.abs().sum().ToDouble() > 0, item.name));
    }

    [Fact]
    public void The_same_network_comes_back_from_its_file_and_its_folder()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using IDisposable noGraph = no_grad();
        ModelConfig config = new() { Data = "x", Network = Small with { Dropout = 0.25 }, PixelMean = 0.1, PixelDeviation = 1, Gradient = "phantom" };
        Assert.Equal("anderson", config.Solver);
        Assert.Equal("picard", (config with { Network = Small with { Explicit = true } }).Solver);
        Assert.Equal(config, ConfigReader.Parse(config.ToJson()));
        using ImplicitNetwork network = config.CreateNetwork();
        network.eval();
        network.OnFailure = new AcceptMaxSteps();
        ModelFolder.Save(folder.Path, config, network);
        (ImplicitNetwork loaded, ModelConfig found) = ModelFolder.Load(folder.Path);
        using ImplicitNetwork owned = loaded;
        loaded.OnFailure = new AcceptMaxSteps();
        Assert.Equal(config, found);
        Tensor images = randn(2, 1, 9, 6);
        Assert.True(network.call(images).equal(loaded.call(images)).all().ToBoolean());
    }

    [Fact]
    public void The_explicit_twin_has_the_same_weights_and_applies_R_once()
    {
        random.manual_seed(3);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = Small.CreateNetwork(), twin = (Small with { Explicit = true }).CreateNetwork();
        Assert.Equal(Parameters(Small), Parameters(Small with { Explicit = true }));
        foreach ((TorchSharp.Modules.Parameter weight, TorchSharp.Modules.Parameter other) in network.parameters().Zip(twin.parameters()))
        {
            other.copy_(weight);
        }

        Tensor images = randn(3, 1, 9, 6), q = network.Encoder.call(images);
        Tensor expected = network.Readout.call(network.Layer.Operator.call(network.Layer.Operator.StartingLatent(q), q));
        Assert.InRange((expected - twin.call(images)).abs().max().ToDouble(), 0, 1e-5);
    }

    [Fact]
    public void Sizes_out_of_range_are_refused()
    {
        foreach (Func<MultiscaleClassifierOptions> make in (Func<MultiscaleClassifierOptions>[])
            [
                () => Small with { Scales = 0 }, () => Small with { Scales = 9 }, () => Small with { LatentChannels = 0 }, () => Small with { Expansion = 0 },
                () => Small with { HeadChannels = 0 }, () => Small with { Dropout = 1 }, () => Small with { Dropout = double.NaN },
            ])
        {
            Assert.Throws<ArgumentOutOfRangeException>(make);
        }

        Assert.Contains("numbers or more", Assert.Throws<InvalidOperationException>(
            () => (Small with { LatentChannels = 4096, Expansion = 64 }).CreateNetwork()).Message, StringComparison.Ordinal);
    }

    private static long Parameters(MultiscaleClassifierOptions options)
    {
        using ImplicitNetwork network = options.CreateNetwork();
        long count = network.parameters().Sum(parameter => parameter.numel());
        Assert.InRange(options.LeastNumbers, count / 2, count);
        return count;
    }
}
