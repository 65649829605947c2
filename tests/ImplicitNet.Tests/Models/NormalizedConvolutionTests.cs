using ImplicitNet.Kernels.Winograd;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models;

/// <summary>In use a convolution and its normalisation are one: with the same values to rounding, and only where nothing is trained.</summary>
public sealed class NormalizedConvolutionTests : TensorTest
{
    public static TheoryData<ClassifierOptions> Networks => new()
    {
        new DigitClassifierOptions { ResidualBlocks = 1 },
        new MnistFpnOptions { LatentLayers = 2 },
        new SvhnFpnOptions(),
        new ContractiveSvhnFpnOptions(),
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_encoder_gives_the_same_with_and_without_a_graph(ClassifierOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        using ImplicitNetwork network = options.CreateNetwork();
        nn.Module<Tensor, Tensor> encoder = network.Encoder;
        Disturb(network.to(ScalarType.Float64));
        network.eval();
        Tensor images = randn(3, options.Height, options.Width, options.ImageChannels, ScalarType.Float64).permute(0, 3, 1, 2);
        Tensor whole = encoder.call(images).detach();
        using IDisposable noGraph = no_grad();
        Assert.InRange((encoder.call(images) - whole).abs().max().ToDouble(), 0, 1e-12 * whole.abs().max().ToDouble());
    }

    /// <summary>By torch's convolution, and by ours.</summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_encoder_gives_the_same_in_float32_to_its_rounding(ClassifierOptions options)
    {
        Check();
        using IDisposable used = WinogradConvolution.Prefer();
        Check();

        void Check() => EncodeInFloat32(options);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0.1)]
    public void Our_kernel_gives_what_torchs_layer_gives(bool hasBias, double slope)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        using Conv2d layer = nn.Conv2d(16, 32, 3, padding: 1, bias: hasBias);
        Tensor images = randn(5, 9, 9, 16).permute(0, 3, 1, 2);
        using IDisposable noGraph = no_grad();
        Assert.Equal(WinogradConvolution.IsFaster, KernelConvolution.TryApply(layer, images, slope) is not null);
        using IDisposable used = WinogradConvolution.Prefer();
        Tensor? own = KernelConvolution.TryApply(layer, images, slope);
        Assert.NotNull(own);
        Tensor expected = nn.functional.leaky_relu(layer.call(images), slope);
        Assert.InRange(((own - expected).norm() / expected.norm()).ToDouble(), 0, 3e-6);
        using Conv2d strided = nn.Conv2d(16, 32, 3, padding: 1, stride: 2), grouped = nn.Conv2d(16, 32, 3, padding: 1, groups: 2), bare = nn.Conv2d(16, 32, 3);
        Assert.All((Conv2d[])[strided, grouped, bare], other => Assert.Null(KernelConvolution.TryApply(other, images)));
    }

    private static void EncodeInFloat32(ClassifierOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using ImplicitNetwork network = options.CreateNetwork();
        Disturb(network);
        network.eval();
        Tensor images = randn(7, options.Height, options.Width, options.ImageChannels).permute(0, 3, 1, 2);
        Tensor whole = network.Encoder.call(images).detach();
        using IDisposable noGraph = no_grad();
        Assert.InRange(((network.Encoder.call(images) - whole).norm() / whole.norm()).ToDouble(), 0, 1e-5);
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public void Strides_groups_and_missing_weights_are_kept(bool affine, bool bias, bool grouped)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        using Conv2d convolution = nn.Conv2d(4, 6, (3, 2), stride: (2, 1), padding: (1, 0), dilation: (1, 2), groups: grouped ? 2 : 1, bias: bias);
        using BatchNorm2d norm = nn.BatchNorm2d(6, affine: affine, eps: 0.3);
        Disturb(norm);
        norm.eval();
        Tensor images = randn(2, 4, 7, 8);
        using IDisposable noGraph = no_grad();
        Tensor plain = norm.call(convolution.call(images));
        Tensor folded = NormalizedConvolution.Call(convolution, norm, images);
        Assert.False(plain.bytes.SequenceEqual(folded.bytes) && affine, "rounding differs where the weights were folded");
        Assert.InRange((folded - plain).abs().max().ToDouble(), 0, 1e-5);
    }

    [Theory]
    [InlineData(true, false, 1)]
    [InlineData(false, true, 1)]
    [InlineData(true, true, 1)]
    [InlineData(false, false, 0)]
    public void The_norm_is_a_pass_of_its_own_only_where_something_is_trained(bool isTraining, bool hasGraph, int passes)
    {
        using DisposeScope scope = NewDisposeScope();
        using Conv2d convolution = nn.Conv2d(1, 2, 3);
        using BatchNorm2d norm = nn.BatchNorm2d(2);
        norm.train(isTraining);
        int seen = 0;
        norm.register_forward_hook((_, _, output) =>
        {
            seen++;
            return output;
        });
        using IDisposable graph = hasGraph ? enable_grad() : no_grad();
        NormalizedConvolution.Call(convolution, norm, randn(1, 1, 5, 5));
        Assert.Equal(passes, seen);
        Assert.Equal(isTraining ? 1 : 0, norm.num_batches_tracked!.ToInt64());
    }

    /// <summary>What was folded is kept, and nothing of it is stale: each of all that it is made of is changed in turn.</summary>
    [Fact]
    public void What_was_written_into_a_layer_counts_in_the_next_call()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable used = WinogradConvolution.Prefer();
        random.manual_seed(8);
        using Conv2d convolution = nn.Conv2d(16, 16, 3, padding: 1);
        using BatchNorm2d norm = nn.BatchNorm2d(16);
        norm.eval();
        using IDisposable noGraph = no_grad();
        Tensor images = randn(2, 5, 5, 16).permute(0, 3, 1, 2);
        Tensor[] parts = [convolution.weight!, convolution.bias!, norm.weight!, norm.bias!, norm.running_mean!, norm.running_var!];
        Tensor before = NormalizedConvolution.Call(convolution, norm, images);
        Assert.True(NormalizedConvolution.Call(convolution, norm, images).equal(before).all().ToBoolean());
        foreach (Tensor part in parts)
        {
            part[0].add_(0.5);
            Tensor own = NormalizedConvolution.Call(convolution, norm, images);
            Tensor expected = norm.call(convolution.call(images));
            Assert.InRange(((own - expected).norm() / expected.norm()).ToDouble(), 0, 3e-6);
            Assert.False(own.equal(before).all().ToBoolean());
            before = own;
        }

        norm.eps = 0.5;
        Tensor plain = norm.call(convolution.call(images));
        Assert.InRange(((NormalizedConvolution.Call(convolution, norm, images) - plain).norm() / plain.norm()).ToDouble(), 0, 3e-6);
    }

    [Fact]
    public void A_sequence_has_the_names_of_torchs_own()
    {
        using DisposeScope scope = NewDisposeScope();
        using ConvolutionalSequence own = new(("first", nn.Conv2d(1, 2, 3)), ("norm", nn.BatchNorm2d(2)), ("last", nn.LeakyReLU()));
        using Sequential torchs = nn.Sequential(("first", nn.Conv2d(1, 2, 3)), ("norm", nn.BatchNorm2d(2)), ("last", nn.LeakyReLU()));
        Assert.Equal(torchs.state_dict().Keys, own.state_dict().Keys);
    }

    /// <summary>Gives every norm statistics and weights that would be missed.</summary>
    private static void Disturb(nn.Module module)
    {
        using IDisposable noGraph = no_grad();
        foreach (BatchNorm norm in module.modules().OfType<BatchNorm>())
        {
            norm.running_mean!.copy_(randn_like(norm.running_mean));
            norm.running_var!.copy_(rand_like(norm.running_var).add_(0.5));
            norm.weight?.copy_(randn_like(norm.weight));
            norm.bias?.copy_(randn_like(norm.bias));
        }
    }
}
