using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.FixedPointNetworks;

/// <summary>All architectures: sizes, shapes, training, contraction, files.</summary>
public sealed class NetworkSizeTests : TensorTest
{
    public static TheoryData<string> Names => [.. Architectures.Keys];

    /// <summary>Each with the parameters that it must have.</summary>
    private static readonly Dictionary<string, (ScaledClassifierOptions Options, long Parameters)> Architectures = new()
    {
        ["mnist"] = (new MnistFpnOptions(), 35_856),
        ["mnist of two layers"] = (new MnistFpnOptions { LatentLayers = 2 }, 54_352),
        ["svhn"] = (new SvhnFpnOptions(), 163_744),
        ["cifar"] = (new CifarFpnOptions(), 843_430),
        ["digits"] = (new DigitClassifierOptions(), 35_856),
        ["digits with a block"] = (new DigitClassifierOptions { ResidualBlocks = 1 }, 54_352),
        ["svhn contraction"] = (new ContractiveSvhnFpnOptions(), 163_488),
        ["cifar contraction"] = (new ContractiveCifarFpnOptions(), 843_430),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void The_parameters_are_as_many_as_published_or_fewer(string name)
    {
        (ClassifierOptions options, long parameters) = Architectures[name];
        foreach (bool isExplicit in (bool[])[false, true])
        {
            using ImplicitNetwork network = (options with { Explicit = isExplicit }).CreateNetwork();
            Assert.Equal(parameters, network.parameters().Sum(parameter => parameter.numel()));
            Assert.Equal(isExplicit, network.Layer.Operator is ExplicitOperator);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Latents_and_logits_have_their_shapes_and_channels_last_is_kept(string name)
    {
        ScaledClassifierOptions options = Architectures[name].Options with { Explicit = true };
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        foreach ((int height, int width, int classes) in ((int, int, int)[])[(options.Height, options.Width, 10), (13, 18, 7)])
        {
            ClassifierOptions sized = options with { Height = height, Width = width, Classes = classes };
            using ImplicitNetwork network = sized.CreateNetwork();
            network.eval();
            Tensor images = randn(2, height, width, sized.ImageChannels).permute(0, 3, 1, 2);
            using ImplicitResult result = network.Run(images);
            (int channels, int rows, int columns) = sized.LatentShape;
            Assert.Equal([2, channels, rows, columns], result.Latent.shape);
            Assert.Equal([2, classes], result.Output.shape);
            Assert.Equal(1, result.Latent.stride(1));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_step_of_training_reaches_every_weight_that_is_used(string name)
    {
        random.manual_seed(3);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Architectures[name].Options.CreateNetwork();
        network.Stopping = new ImplicitNet.Solvers.StoppingRule { RelativeTolerance = 0.1, MaxSteps = 3 };
        network.OnFailure = new WarnOnFailure { Warn = _ => { } };
        ClassifierOptions options = Architectures[name].Options;
        Tensor output = network.call(randn(4, options.ImageChannels, options.Height, options.Width));
        nn.functional.cross_entropy(output, tensor(new long[] { 0, 1, 2, 3 })).backward();
        Assert.All(
            network.named_parameters(),
            item => Assert.Equal(item.name.Contains(".unused.", StringComparison.Ordinal), item.parameter.grad is not { } grad || grad.abs().sum().ToDouble() == 0));
    }

    [Theory]
    [InlineData("svhn contraction")]
    [InlineData("cifar contraction")]
    [InlineData("digits")]
    public void The_clean_networks_contract_as_certified(string name)
    {
        random.manual_seed(4);
        using DisposeScope scope = NewDisposeScope();
        ScaledClassifierOptions options = Architectures[name].Options with { Gamma = 0.8 };
        using ImplicitNetwork network = options.CreateNetwork();
        network.eval();
        Assert.DoesNotContain(network.Layer.named_buffers(), buffer => buffer.name.Contains("running", StringComparison.Ordinal));
        ContractionReport report = network.MeasureContraction(randn(2, options.ImageChannels, options.Height, options.Width));
        Assert.Equal(0.8, report.Declared);
        Assert.InRange(report.Certified!.Value, 0.5, 0.8);
        Assert.InRange(report.Measured, 0.01, report.Certified.Value);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_network_is_the_same_after_saving_and_loading(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using IDisposable noGraph = no_grad();
        ScaledClassifierOptions options = Architectures[name].Options with { Explicit = true, Gamma = 0.3 };
        ModelConfig config = new() { Data = "x", Network = options, PixelMean = Same(0.5, options), PixelDeviation = Same(0.25, options) };
        using ImplicitNetwork network = config.CreateNetwork();
        network.eval();
        ModelFolder.Save(folder.Path, config, network);
        (ImplicitNetwork loaded, ModelConfig found) = ModelFolder.Load(folder.Path);
        using ImplicitNetwork owned = loaded;
        Assert.Equal(config, found);
        Tensor images = randn(2, options.ImageChannels, options.Height, options.Width);
        Assert.True(network.call(images).equal(loaded.call(images)).all().ToBoolean());

        PublishedWeights.Write(folder["w.pth"], network);
        if (options is MnistFpnOptions or SvhnFpnOptions or CifarFpnOptions)
        {
            (ImplicitNetwork read, _) = PublishedWeights.Read(folder["w.pth"], layers => config);
            using ImplicitNetwork same = read;
            Assert.True(network.call(images).equal(read.call(images)).all().ToBoolean());
        }
    }

    [Fact]
    public void Bad_sizes_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MnistFpnOptions { LatentLayers = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new MnistFpnOptions { Height = 8 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SvhnFpnOptions { Width = 8 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CifarFpnOptions { Gamma = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CifarFpnOptions { Height = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ContractiveCifarFpnOptions { ImageChannels = 0 });
    }

    private static ChannelValues Same(double value, ClassifierOptions options) => [.. Enumerable.Repeat(value, options.ImageChannels)];
}
