using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Naive;

/// <summary>
/// The published network for MNIST with the procedure by which the published code solves it, re-created from its
/// description as what everything here is compared with.
/// </summary>
/// <remarks>
/// Channels first in memory. Plain iteration from zeros of the whole batch, until the largest norm over the channels at any
/// pixel of any sample of the change is at most the tolerance, so that all samples pay for the slowest; the latent before is
/// copied in every step. In training mode the encoder runs a second time, with its graph, for the attached step, and batch
/// normalisation inside R works with the statistics of the batch. Nothing says that a solve has not converged.
/// </remarks>
internal sealed class NaiveNetwork : nn.Module<Tensor, Tensor>
{
    /// <summary>Slope of every LeakyReLU.</summary>
    public const double Slope = 0.1;

    private const int Channels = 32;
    private const int ReadoutInputs = 16 * 7 * 7;

    [ComponentName(Name = "encoder")]
    private readonly Sequential _encoder;

    [ComponentName(Name = "latent")]
    private readonly ModuleList<NaiveLatentLayer> _layers;

    [ComponentName(Name = "readout")]
    private readonly Sequential _readout;
    private readonly double _gamma;

    /// <summary>Creates the network, with the weights and statistics of a published one of ours.</summary>
    /// <param name="network">A <see cref="MnistFpn"/>; stays the caller's.</param>
    /// <param name="options">What it is.</param>
    public NaiveNetwork(ImplicitNetwork network, MnistFpnOptions options)
        : base(nameof(NaiveNetwork))
    {
        using DisposeScope scope = NewDisposeScope();
        _encoder = nn.Sequential(
            ("conv_d1", nn.Conv2d(1, 16, 3, padding: 1)),
            ("bn_1", nn.BatchNorm2d(16)),
            ("activation1", nn.LeakyReLU(Slope)),
            ("pool", nn.MaxPool2d(3)),
            ("conv_d2", nn.Conv2d(16, Channels, 3, padding: 1)),
            ("bn_2", nn.BatchNorm2d(Channels)),
            ("activation2", nn.LeakyReLU(Slope)));
        _layers = nn.ModuleList([.. Enumerable.Range(0, options.LatentLayers).Select(_ => new NaiveLatentLayer(Channels))]);
        _readout = nn.Sequential(
            ("conv_y", nn.Conv2d(Channels, 16, 3)),
            ("activation", nn.LeakyReLU(Slope)),
            ("dropout", nn.Dropout2d(0.2)),
            ("flatten", nn.Flatten()),
            ("fc_y", nn.Linear(ReadoutInputs, 10, hasBias: false)));
        _gamma = options.Gamma;
        RegisterComponents();
        Dictionary<string, Tensor> published = network.state_dict();
        Copy(name => published[PublishedName(name)], state_dict(), isOutward: false);
    }

    /// <summary>Changes by at most this much end a solve; absolute, in the units of the latent.</summary>
    public double Tolerance { get; init; } = 0.1;

    /// <summary>Steps after which the published code goes on with what it has.</summary>
    public int MaxSteps { get; init; } = 100;

    /// <summary>Steps of the last solve.</summary>
    public int Steps { get; private set; }

    /// <summary>Q: [batch, 1, 28, 28] to [batch, 32, 9, 9]. The caller owns it.</summary>
    public Tensor Encode(Tensor images) => _encoder.call(images);

    /// <summary>R: one application. The caller owns it.</summary>
    public Tensor Apply(Tensor u, Tensor q)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = u + q;
        foreach (NaiveLatentLayer layer in _layers)
        {
            x = layer.call(x);
        }

        return (x * _gamma).MoveToOuterDisposeScope();
    }

    /// <summary>The latent at which the iteration from zeros stops. The caller owns it.</summary>
    /// <param name="q">[batch, 32, 9, 9].</param>
    public Tensor Solve(Tensor q)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor u = zeros(q.shape, q.dtype);
        bool isSettled = false;
        for (Steps = 0; !isSettled && Steps < MaxSteps; Steps++)
        {
            using DisposeScope step = NewDisposeScope();
            using Tensor before = u;
            Tensor kept = before.clone();
            u = Apply(before, q).MoveToOuterDisposeScope();
            isSettled = (u - kept).norm(1, false, 2).max().ToDouble() <= Tolerance;
        }

        return u.MoveToOuterDisposeScope();
    }

    /// <summary>Logits: [batch, 1, 28, 28] to [batch, 10]. The caller owns it.</summary>
    public override Tensor forward(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor latent;
        using (no_grad())
        {
            latent = Solve(Encode(images));
        }

        if (training)
        {
            latent = Apply(latent, Encode(images));
        }

        return _readout.call(latent).MoveToOuterDisposeScope();
    }

    /// <summary>Gives its weights and statistics to a network of ours.</summary>
    /// <param name="network">A <see cref="MnistFpn"/> of as many layers.</param>
    public void CopyTo(ImplicitNetwork network)
    {
        Dictionary<string, Tensor> published = network.state_dict();
        Copy(name => published[PublishedName(name)], state_dict(), isOutward: true);
    }

    private static void Copy(Func<string, Tensor> published, Dictionary<string, Tensor> own, bool isOutward)
    {
        using IDisposable noGraph = no_grad();
        foreach ((string name, Tensor tensor) in own)
        {
            (Tensor target, Tensor source) = isOutward ? (published(name), tensor) : (tensor, published(name));
            target.copy_(source);
        }
    }

    private static string PublishedName(string name)
    {
        string[] parts = name.Split('.');
        return parts[0] != "latent" ? name
            : parts[2] == "norm" ? $"latent.operator.module.lat_batch_norm.{parts[1]}.{parts[3]}"
            : $"latent.operator.module.latent_convs.{parts[1]}.{parts[2]}.{parts[3]}";
    }
}
