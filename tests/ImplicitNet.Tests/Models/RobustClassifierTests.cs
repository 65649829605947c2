using ImplicitNet.Certification;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models;

public sealed class RobustClassifierTests : TensorTest
{
    private static readonly RobustClassifierOptions Small = new() { Height = 5, Width = 4, ImageChannels = 2, Classes = 3, States = 12, HiddenLayers = 1, Gamma = 0.8 };

    [Fact]
    public void The_networks_have_the_parameters_that_their_documentation_counts()
    {
        Assert.Equal(400_640, Parameters(new RobustClassifierOptions()));
        Assert.Equal((12 * 40) + 12 + (12 * 12) + 12 + 144 + 36, Parameters(Small));
        Assert.Equal((11 * 40) + 11 + 121 + 33, Parameters(Small with { States = 11, HiddenLayers = 0 }));
    }

    // The outputs of two images, near and far, whatever the weights; and along the direction that a local attack would take.
    [Theory]
    [InlineData(0.2)]
    [InlineData(0.9)]
    public void No_two_images_are_taken_further_apart_whatever_the_weights(double gamma)
    {
        random.manual_seed(41);
        for (int draw = 0; draw < 4; draw++)
        {
            using DisposeScope scope = NewDisposeScope();
            using ImplicitNetwork network = (Small with { Gamma = gamma }).CreateNetwork();
            network.Stopping = network.Stopping with { RelativeTolerance = 1e-6, MaxSteps = 1000 };
            using (no_grad())
            {
                foreach (TorchSharp.Modules.Parameter parameter in network.parameters())
                {
                    parameter.copy_(randn_like(parameter) * Math.Pow(10, draw - 1));
                }
            }

            Tensor images = randn(16, 2, 5, 4), direction = randn_like(images);
            double least = 0;
            using (no_grad())
            {
                foreach (double length in (double[])[1, 0.1])
                {
                    Tensor moved = network.call(images + (direction * length)) - network.call(images);
                    Tensor ratio = moved.norm(1) / (direction.flatten(1).norm(1) * length);
                    Assert.InRange(ratio.max().ToDouble(), 0, 1 + 1e-4);
                    least = Math.Max(least, ratio.max().ToDouble());
                }
            }

            Assert.InRange(least, 0.1, 1 + 1e-4);
        }
    }

    [Fact]
    public void One_step_of_training_reaches_every_weight_and_no_length_is_lost_before_the_readout()
    {
        random.manual_seed(42);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = (Small with { States = 40 }).CreateNetwork();
        network.Stopping = network.Stopping with { RelativeTolerance = 1e-6, MaxSteps = 1000 };
        nn.functional.cross_entropy(network.call(randn(4, 2, 5, 4)), tensor(new long[] { 0, 1, 2, 0 })).backward();
        Assert.All(network.named_parameters(), item => Assert.True(item.parameter.grad!.abs().sum().ToDouble() > 0, item.name));
        using IDisposable noGraph = no_grad();
        Tensor images = randn(4, 2, 5, 4), step = randn_like(images) * 1e-3;
        Tensor before = network.Layer.call(network.Encoder.call(images)), after = network.Layer.call(network.Encoder.call(images + step));
        Tensor ratio = (after - before).norm(1) / step.flatten(1).norm(1);
        Assert.InRange(ratio.min().ToDouble(), 0.95, 1);
        Assert.InRange(Assert.IsType<ReflectedOperator>(network.Layer.Operator).CertifyFactor(), 0.78, 0.8);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Its_constant_is_certified_as_one_and_that_of_its_explicit_twin_as_one_and_gamma(bool isExplicit)
    {
        random.manual_seed(43);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = (Small with { Explicit = isExplicit }).CreateNetwork();
        network.eval();
        NetworkBound bound = NetworkBound.Of(network, [2, 5, 4]);
        Assert.InRange(bound.Value!.Value, isExplicit ? 1.7 : 0.98, isExplicit ? 1.8 : 1);
        Assert.False(bound.IsStated);

        // A lead of l is worth l / ||s_c - s_j||, at least l over the root of 2, but for what the solve leaves.
        network.Stopping = network.Stopping with { RelativeTolerance = 1e-6, MaxSteps = 1000 };
        using IDisposable noGraph = no_grad();
        Tensor images = randn(6, 2, 5, 4);
        RobustnessCertificate certificate = RobustnessCertificate.Of(bound, network, images);
        (Tensor largest, _) = network.call(images).topk(2, dim: 1);
        double[] leads = [.. (largest.select(1, 0) - largest.select(1, 1)).to(ScalarType.Float64).data<double>()];
        Assert.All(certificate.Samples.Zip(leads), pair => Assert.True(
            isExplicit || pair.First.Radius > (pair.Second / Math.Sqrt(2)) - 1e-3, $"{pair.First.Radius} of {pair.Second}"));
        network.parameters().First().fill_(double.NaN);
        Assert.Null(NetworkBound.Of(network).Value);
    }

    [Fact]
    public void The_same_network_comes_back_from_its_file_and_its_folder()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using IDisposable noGraph = no_grad();
        ModelConfig config = new() { Data = "x", Network = Small, PixelMean = 0.1, PixelDeviation = 1 };
        Assert.Equal(config, ConfigReader.Parse(config.ToJson()));
        using ImplicitNetwork network = config.CreateNetwork();
        ModelFolder.Save(folder.Path, config, network);
        (ImplicitNetwork loaded, ModelConfig found) = ModelFolder.Load(folder.Path);
        using ImplicitNetwork owned = loaded;
        Assert.Equal(config, found);
        Tensor images = randn(2, 2, 5, 4);
        Assert.True(network.call(images).equal(loaded.call(images)).all().ToBoolean());
        Assert.Throws<ArgumentOutOfRangeException>(() => Small with { States = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => Small with { States = 4097 });
        Assert.Throws<ArgumentOutOfRangeException>(() => Small with { Gamma = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => Small with { HiddenLayers = 17 });
        Assert.Throws<ArgumentOutOfRangeException>(() => Small with { HiddenLayers = -1 });
        Assert.Contains("States is 11", Assert.Throws<ArgumentException>(
            () => (Small with { States = 11 }).CreateNetwork()).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => (Small with { States = 4096, Height = 4096, Width = 4096 }).CreateNetwork());
    }

    private static long Parameters(RobustClassifierOptions options)
    {
        using ImplicitNetwork network = options.CreateNetwork();
        long count = network.parameters().Sum(parameter => parameter.numel());
        Assert.InRange(options.LeastNumbers, count / 2, count);
        return count;
    }
}
