using ImplicitNet.Kernels.Winograd;
using ImplicitNet.Models.FixedPointNetworks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.FixedPointNetworks;

/// <summary>On every processor, not only where it is faster than torch's convolutions and so used.</summary>
public sealed class FusedResidualLatentTests : TensorTest
{
    private const double Gamma = 0.9;

    [Theory]
    [InlineData(1, 32, 9, 1)]
    [InlineData(2, 32, 9, 11)]
    [InlineData(3, 64, 8, 5)]
    public void It_gives_what_torch_gives(int layers, long channels, long side, long batch)
    {
        using IDisposable used = WinogradConvolution.Prefer();
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using ResidualLatent latent = Create(layers, channels);
        (Tensor u, Tensor q) = (Draw(batch, channels, side), Draw(batch, channels, side));
        using IDisposable noGraph = no_grad();
        Tensor expected = latent.call(u.contiguous(), q.contiguous());
        Tensor actual = latent.call(u, q);
        Assert.InRange(((actual - expected).norm() / expected.norm()).ToDouble(), 0, 3e-6);
        FusedResidualLatent fused = new([.. latent.modules().OfType<ConvolutionPair>()], [.. latent.modules().OfType<BatchNorm>()], Gamma);
        Tensor? own = fused.TryApply(u, q);
        Assert.NotNull(own);
        Assert.True(own.equal(actual).all().ToBoolean());
    }

    [Fact]
    public void New_weights_and_statistics_count_at_once()
    {
        using IDisposable used = WinogradConvolution.Prefer();
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        using ResidualLatent latent = Create(2, 32);
        (Tensor u, Tensor q) = (Draw(3, 32, 9), Draw(3, 32, 9));
        using IDisposable noGraph = no_grad();
        foreach (string name in (string[])["latent_convs.1.0.weight", "latent_convs.0.3.bias", "lat_batch_norm.0.running_mean", "lat_batch_norm.1.running_var"])
        {
            Tensor before = latent.call(u, q);
            latent.state_dict()[name].add_(0.3);
            Tensor after = latent.call(u, q);
            Tensor expected = latent.call(u.contiguous(), q.contiguous());
            Assert.InRange(((after - expected).norm() / expected.norm()).ToDouble(), 0, 3e-6);
            Assert.True(((after - before).norm() / before.norm()).ToDouble() > 1e-3, name);
        }
    }

    [Fact]
    public void With_a_graph_or_in_training_it_is_torchs()
    {
        using IDisposable used = WinogradConvolution.Prefer();
        using DisposeScope scope = NewDisposeScope();
        using ResidualLatent latent = Create(1, 32);
        (Tensor u, Tensor q) = (Draw(3, 32, 9), Draw(3, 32, 9));
        Assert.True(latent.call(u, q).requires_grad);
        latent.train();
        using IDisposable noGraph = no_grad();
        latent.call(u, q);
        Assert.Equal(1, latent.state_dict()["lat_batch_norm.0.num_batches_tracked"].ToInt64());
    }

    private static ResidualLatent Create(int layers, long channels)
    {
        using DisposeScope scope = NewDisposeScope();
        ResidualLatent latent = new(channels, layers, Gamma);
        using IDisposable noGraph = no_grad();
        foreach (BatchNorm norm in latent.modules().OfType<BatchNorm>())
        {
            norm.running_mean!.normal_();
            norm.running_var!.uniform_(0.5, 2);
        }

        latent.eval();
        return latent;
    }

    private static Tensor Draw(long batch, long channels, long side) => randn(batch, side, side, channels).permute(0, 3, 1, 2);
}
