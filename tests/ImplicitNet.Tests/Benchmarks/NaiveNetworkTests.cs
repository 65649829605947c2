using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Benchmarks.Naive;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Models.FixedPointNetworks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Benchmarks;

/// <summary>The naive procedure that everything is timed against computes what the published code does, the way it does.</summary>
public sealed class NaiveNetworkTests : TensorTest
{
    private static readonly MnistFpnOptions Options = new() { LatentLayers = 2, Gamma = 0.1 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_application_is_that_of_the_published_network(bool isTraining)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = Network();
        using NaiveNetwork naive = new(network, Options);
        network.train(isTraining);
        naive.train(isTraining);
        (Tensor images, Tensor u) = (Images(), randn(6, 32, 9, 9));
        using FixedPointMap map = network.Layer.Operator.Bind(network.Encoder.call(images));
        Tensor difference = naive.Apply(u, naive.Encode(images)) - map.Evaluate(u);
        Assert.True(difference.abs().max().ToDouble() < 1e-5);
    }

    [Fact]
    public void A_solve_stops_as_soon_as_the_norm_over_channels_is_small_at_every_pixel()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = Network();
        using NaiveNetwork naive = new(network, Options);
        naive.eval();
        Tensor q = naive.Encode(Images());
        Tensor solved = naive.Solve(q);
        Tensor u = zeros_like(q);
        int steps = 0;
        double change;
        do
        {
            Tensor next = naive.Apply(u, q);
            change = (next - u).square().sum(1).sqrt().max().ToDouble();
            u = next;
            steps++;
        }
        while (change > 0.1);
        Assert.Equal(steps, naive.Steps);
        Assert.InRange(steps, 2, 20);
        Assert.True(u.equal(solved).all().ToBoolean());
    }

    [Fact]
    public void A_solve_that_does_not_settle_ends_at_the_step_limit()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = Network();
        using NaiveNetwork naive = new(network, Options) { Tolerance = 0, MaxSteps = 7 };
        naive.eval();
        using Tensor latent = naive.Solve(naive.Encode(Images()));
        Assert.Equal(7, naive.Steps);
    }

    [Fact]
    public void Latents_stay_channels_first_and_training_encodes_twice()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Network();
        using NaiveNetwork naive = new(network, Options);
        using NaiveTraining training = new(naive, rate: 1e-3);
        naive.train();
        Tensor latent = naive.Solve(naive.Encode(Images()));
        Assert.Equal([32 * 81, 81, 9, 1], latent.stride());
        Tensor count = naive.state_dict()["encoder.bn_1.num_batches_tracked"];
        long before = count.ToInt64();
        Tensor weight = naive.state_dict()["latent.0.0.weight"];
        Tensor weightBefore = weight.clone();
        Assert.True(double.IsFinite(training.Step(Images(), arange(6, ScalarType.Int64))));
        Assert.Equal(before + 2, count.ToInt64());
        Assert.False(weight.equal(weightBefore).all().ToBoolean());
    }

    [Fact]
    public void Weights_go_back_to_a_published_network()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork first = Network();
        using ImplicitNetwork second = MnistFpn.Create(Options);
        using NaiveNetwork naive = new(first, Options);
        naive.CopyTo(second);
        Dictionary<string, Tensor> copied = second.state_dict();
        Assert.All(first.state_dict(), entry => Assert.True(entry.Value.equal(copied[entry.Key]).all().ToBoolean()));
    }

    [Fact]
    public void Published_weights_settle_where_the_published_code_does()
    {
        PublishedFigures figures = PublishedFigures.ReadOrSkip("mnist_implicit_logits.json");
        string weights = Path.Combine(SharedData.FolderOrSkip(Path.Combine("reference", "official-weights")), figures.Weights);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        MnistFpnOptions options = new() { Gamma = figures.Gamma };
        using ImplicitNetwork network = PublishedWeights.Read(weights, layers => new ModelConfig
        {
            Data = "mnist",
            Network = options with { LatentLayers = layers },
            PixelMean = [0.1307],
            PixelDeviation = [0.3081],
        }).Network;
        using NaiveNetwork naive = new(network, options) { Tolerance = 1e-4 };
        naive.eval();
        Tensor logits = naive.call(FirstImages(figures.Logits.Length));
        double[] expected = [.. figures.Logits.SelectMany(row => row)];
        Assert.All(expected.Zip(logits.data<float>()), pair => Assert.Equal(pair.First, pair.Second, 2e-3));
    }

    private static Tensor FirstImages(int count)
    {
        MeasuredImages images = MeasuredImages.Load(SharedData.FolderOrSkip("data"), count);
        using PreparedBatches batches = PreparedBatches.ToInfer(images, count);
        return batches.ChannelsFirst(0).Images.clone();
    }

    private static ImplicitNetwork Network()
    {
        random.manual_seed(3);
        return MnistFpn.Create(Options);
    }

    private static Tensor Images() => randn(6, 1, 28, 28);
}
