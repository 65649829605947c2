using ImplicitNet.Gradients;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Robustness;

/// <summary>Networks that can be certified: a new kind is one line in <see cref="All"/>.</summary>
internal static class NetworkFamily
{
    private const int Width = 6;
    private const int Side = 5;
    private const int Channels = 3;

    private delegate ImplicitNetwork Maker(Random random, ScalarType dtype, int classes);

    private static readonly IReadOnlyList<(string Name, long[] Shape, Maker Make)> All =
    [
        ("linear", [4], (random, dtype, classes) => Flat(random, dtype, classes, Contraction(random, new BoundedLinear(Width, Width, dtype)))),
        ("affine", [4], (random, dtype, classes) => new(
            nn.Linear(4, Width, dtype: dtype),
            new ContractionOperator(new BoundedLinear(Width, Width, dtype), Gamma(random), LatentActivation.LeakyRelu(1)),
            nn.Linear(Width, classes, dtype: dtype))),
        ("well-posed", [4], (random, dtype, classes) => Flat(random, dtype, classes, Contraction(random, new WellPosedLinear(
            Width, random.Pick([WellPosedness.RowSums, WellPosedness.RowProjection, WellPosedness.PerronFrobenius]), dtype)))),
        ("low rank", [4], (random, dtype, classes) => Flat(random, dtype, classes, Contraction(random, new WellPosedLowRank(Width, 2, dtype)))),
        ("monotone", [4], (random, dtype, classes) =>
            Flat(random, dtype, classes, new MonotoneOperator(new MonotoneLinear(Width, random.Between(0.3, 2), dtype: dtype)))),
        ("reflected", [4], (random, dtype, classes) => Flat(random, dtype, classes, new ReflectedOperator(new SkewLinear(Width, dtype), Gamma(random)))),
        ("explicit", [4], (random, dtype, classes) => Flat(random, dtype, classes, new ExplicitOperator(
            Contraction(random, new BoundedLinear(Width, Width, dtype)), Contraction(random, new BoundedLinear(Width, Width, dtype))))),
        ("own encoder", [Width], (random, dtype, classes) => random.Between(0.5, 4) is var slope ? new(
            new SlopedEncoder(slope, slope), Contraction(random, new BoundedLinear(Width, Width, dtype)), nn.Linear(Width, classes, dtype: dtype)) : null!),
        ("convolution", [2, Side + 1, Side], (random, dtype, classes) =>
            Images(random, dtype, classes, Contraction(random, new BoundedConvolution(Channels, Channels, 3, random.OneIn(2) ? (Side, Side) : null, dtype)))),
        ("strided", [2, Side + 1, Side], (random, dtype, classes) => Images(random, dtype, classes, Contraction(random, new BoundedSequence(
            [
                new BoundedStridedConvolution(Channels, 2 * Channels, 3, 2, (Side, Side), dtype),
                new BoundedTransposedConvolution(2 * Channels, Channels, 3, 2, (Side, Side), dtype),
            ],
            LatentActivation.Tanh)))),
        ("residual", [2, Side + 1, Side], (random, dtype, classes) =>
            Images(random, dtype, classes, Contraction(random, new BoundedResidual(new BoundedConvolution(Channels, Channels, 3, (Side, Side), dtype))))),
        ("potential", [2, Side + 1, Side], (random, dtype, classes) =>
            Images(random, dtype, classes, Contraction(random, new ConvexPotential(Channels, 4, 3, (Side, Side), dtype: dtype)))),
        ("monotone convolution", [2, Side + 1, Side], (random, dtype, classes) => Images(random, dtype, classes, new MonotoneOperator(new MonotoneConvolution(
            Channels, (Side, Side), 3, random.Between(0.3, 2), random.Pick([PaddingModes.Circular, PaddingModes.Zeros]), 4, dtype)))),
        ("digits", [1, 9, 9], (random, dtype, classes) => Moved(dtype, DigitClassifier.Create(new DigitClassifierOptions
        {
            Height = 9, Width = 9, Classes = classes, LatentChannels = 4, ResidualBlocks = random.Next(2), Gamma = Gamma(random),
        }))),
        ("robust digits", [1, 7, 7], (random, dtype, classes) => Moved(dtype, RobustClassifier.Create(new RobustClassifierOptions
        {
            Height = 7, Width = 7, Classes = classes, States = 12, HiddenLayers = random.Next(3), Gamma = Gamma(random),
        }))),
        ("monotone digits", [1, 10, 10], (random, dtype, classes) => Moved(dtype, MonotoneClassifier.Create(new MonotoneClassifierOptions
        {
            Height = 10, Width = 10, Classes = classes, LatentChannels = 4, HiddenChannels = random.OneIn(2) ? 0 : 3, HiddenPooling = 2, ReadoutPooling = 2,
        }))),
    ];

    /// <summary>A random one; some are trained for a moment.</summary>
    public static DrawnNetwork Draw(Random random)
    {
        (string name, long[] shape, Maker make) = random.Pick(All);
        ScalarType dtype = random.OneIn(2) ? ScalarType.Float32 : ScalarType.Float64;
        int classes = random.Next(2, 6);
        ImplicitNetwork network = make(random, dtype, classes);
        return Prepared(random, new DrawnNetwork($"{name}, {classes} classes, {dtype}", network, shape, dtype), classes);
    }

    /// <summary>One whose encoder claims a quarter of the slope that it has.</summary>
    public static DrawnNetwork Lying(Random random)
    {
        ImplicitNetwork network = new(
            new SlopedEncoder(2, 0.5),
            new ContractionOperator(new BoundedLinear(Width, Width, ScalarType.Float64), 0.5, LatentActivation.LeakyRelu(1)),
            nn.Linear(Width, 3, dtype: ScalarType.Float64));
        return Prepared(random, new DrawnNetwork("lying", network, [Width], ScalarType.Float64), 3);
    }

    /// <summary>Samples of some clouds, one for each class.</summary>
    public static (Tensor Data, Tensor Labels) Samples(DrawnNetwork drawn, Tensor centres, int count)
    {
        Tensor labels = arange(count, ScalarType.Int64).remainder(centres.shape[0]);
        return (centres[labels] + (randn([count, .. drawn.Shape], drawn.Dtype) * 0.5), labels);
    }

    private static DrawnNetwork Prepared(Random random, DrawnNetwork drawn, int classes)
    {
        ImplicitNetwork network = drawn.Network;
        network.OnFailure = new WarnOnFailure { Warn = static _ => { } };
        if (random.OneIn(2))
        {
            Train(drawn, classes);
            drawn = drawn with { Name = $"{drawn.Name}, trained" };
        }
        else
        {
            Scale(random, network.Encoder);
        }

        network.eval();
        network.Gradient = new ImplicitGradient { RelativeTolerance = 1e-2 };
        network.Stopping = new StoppingRule { RelativeTolerance = drawn.Dtype == ScalarType.Float64 ? 1e-10 : 1e-5, MaxSteps = 1000 };
        foreach (TorchSharp.Modules.Parameter parameter in network.parameters())
        {
            parameter.requires_grad = false;
        }

        return drawn;
    }

    private static void Train(DrawnNetwork drawn, int classes)
    {
        using DisposeScope scope = NewDisposeScope();
        using optim.Optimizer optimizer = optim.Adam(drawn.Network.parameters(), 1e-2);
        Tensor centres = randn([classes, .. drawn.Shape], drawn.Dtype);
        drawn.Network.train();
        for (int step = 0; step < 20; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            (Tensor data, Tensor labels) = Samples(drawn, centres, 24);
            optimizer.zero_grad();
            nn.functional.cross_entropy(drawn.Network.call(data), labels).backward();
            optimizer.step();
        }
    }

    private static void Scale(Random random, nn.Module encoder)
    {
        using IDisposable noGraph = no_grad();
        foreach (TorchSharp.Modules.Parameter parameter in encoder.parameters())
        {
            parameter.mul_(Math.Pow(10, random.Between(-0.7, 0.7)));
        }

        foreach ((string name, Tensor buffer) in encoder.named_buffers())
        {
            if (name.EndsWith("running_var", StringComparison.Ordinal))
            {
                buffer.copy_(rand_like(buffer) + 0.05);
            }
        }
    }

    private static ImplicitNetwork Flat(Random random, ScalarType dtype, int classes, LatentOperator latentOperator)
    {
        nn.Module<Tensor, Tensor> encoder = random.OneIn(2)
            ? nn.Linear(4, Width, dtype: dtype)
            : nn.Sequential(
                ("linear", nn.Linear(4, 8, dtype: dtype)), ("norm", nn.BatchNorm1d(8, dtype: dtype)), ("activation", Activation(random)),
                ("dropout", nn.Dropout(0.2)), ("last", nn.Linear(8, Width, dtype: dtype)));
        nn.Module<Tensor, Tensor> readout = random.OneIn(2)
            ? nn.Linear(Width, classes, dtype: dtype)
            : nn.Sequential(("hidden", nn.Linear(Width, 7, dtype: dtype)), ("activation", Activation(random)), ("last", Last(random, 7, classes, dtype)));
        return new ImplicitNetwork(encoder, latentOperator, readout);
    }

    private static ImplicitNetwork Images(Random random, ScalarType dtype, int classes, LatentOperator latentOperator)
    {
        // [2, 6, 5] to [3, 5, 5], by convolutions of several kinds.
        nn.Module<Tensor, Tensor> encoder = random.Next(3) switch
        {
            0 => nn.Sequential(
                ("convolution", nn.Conv2d(2, Channels, 3, padding: 1, dtype: dtype)), ("norm", nn.BatchNorm2d(Channels, dtype: dtype)),
                ("activation", Activation(random)), ("pool", nn.MaxPool2d([2L, 1L], stride: [1L, 1L]))),
            1 => nn.Sequential(
                ("convolution", nn.Conv2d(2, 4, 3, padding: 1, padding_mode: PaddingModes.Circular, dtype: dtype)), ("activation", Activation(random)),
                ("second", nn.Conv2d(4, Channels, (2, 1), dtype: dtype)), ("norm", nn.BatchNorm2d(Channels, dtype: dtype))),
            _ => nn.Sequential(
                ("up", nn.Conv2d(2, 6, 3, padding: 2, dilation: 2, groups: 2, dtype: dtype)), ("norm", nn.BatchNorm2d(6, dtype: dtype)),
                ("activation", Activation(random)), ("mean", nn.AvgPool2d([2L, 1L], stride: [1L, 1L])),
                ("last", nn.Conv2d(6, Channels, 3, padding: 1, padding_mode: PaddingModes.Reflect, dtype: dtype))),
        };
        nn.Module<Tensor, Tensor> readout = random.OneIn(2)
            ? nn.Sequential(("flat", nn.Flatten()), ("last", Last(random, Channels * Side * Side, classes, dtype)))
            : nn.Sequential(
                ("convolution", nn.Conv2d(Channels, 4, 3, stride: 2, dtype: dtype)), ("activation", Activation(random)), ("flat", nn.Flatten()),
                ("last", Last(random, 16, classes, dtype)));
        return new ImplicitNetwork(encoder, latentOperator, readout);
    }

    private static nn.Module<Tensor, Tensor> Last(Random random, long inputs, long outputs, ScalarType dtype) =>
        random.OneIn(3) ? new BoundedLinear(inputs, outputs, dtype) : nn.Linear(inputs, outputs, dtype: dtype);

    private static nn.Module<Tensor, Tensor> Activation(Random random) => random.Next(5) switch
    {
        0 => nn.ReLU(),
        1 => nn.LeakyReLU(0.3),
        2 => nn.Tanh(),
        3 => nn.GELU(),
        _ => nn.SiLU(),
    };

    private static ContractionOperator Contraction(Random random, BoundedModule layer) => new(
        layer, Gamma(random), random.Pick([LatentActivation.LeakyRelu(), LatentActivation.LeakyRelu(0), LatentActivation.Tanh]));

    private static double Gamma(Random random) => random.Pick([0.3, 0.5, 0.9]);

    private static ImplicitNetwork Moved(ScalarType dtype, ImplicitNetwork network)
    {
        network.to(dtype);
        return network;
    }
}
