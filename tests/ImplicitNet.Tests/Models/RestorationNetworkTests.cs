using ImplicitNet.Measurements;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models;

public sealed class RestorationNetworkTests : TensorTest
{
    private static readonly RestorationOptions Small = new() { HiddenChannels = 4, Layers = 2, KernelSize = 3, Channels = 2, Blur = 0.8, Noise = 0.02, Gamma = 0.9, GuideChannels = 3 };

    private static readonly RestorationOptions Scan = new() { Measurement = "radon", Side = 8, Angles = 6, Channels = 1, HiddenChannels = 4, Layers = 2, KernelSize = 3, Gamma = 0.9, GuideChannels = 8 };

    public static TheoryData<RestorationOptions> Networks => [Small, Small with { Step = "proximal-gradient" }, Small with { Measurement = "padded-blur", GuideChannels = 0 }, Small with { Measurement = "identity" }, Scan];

    private static readonly RestorationOptions Loose = Small with { Denoiser = "free" };

    public static TheoryData<RestorationOptions> Saved => [.. Networks.Select(row => row.Data), Loose];

    public static TheoryData<RestorationOptions> Trained => [Small, Scan, Loose];

    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_measurement_has_one_image_from_every_start(RestorationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = options.CreateNetwork();
        network.eval();
        network.Settings = new ModelConfig { Data = "x", Network = options, RelativeTolerance = 1e-6, MaxSteps = 2_000 }.CreateSettings();
        BoundedRestorationOperator latent = Assert.IsType<BoundedRestorationOperator>(network.Layer.Operator);
        Assert.InRange(latent.CertifyFactor(), 0, options.Gamma * 1.001);
        MeasurementOperator measurement = options.CreateMeasurement();
        Tensor image = rand(3, options.Channels, 8, 8);
        Tensor measured = measurement.Apply(image);
        using ImplicitResult first = network.Run(measured);
        using ImplicitResult second = network.Run(measured, start: StartingPoint.From(_ => 100 * randn_like(image)));
        Assert.True(first.Report.AllConverged && second.Report.AllConverged);
        Assert.Equal(image.shape, first.Output.shape);
        Assert.InRange((first.Output - second.Output).abs().max().ToDouble(), 0, 1e-4 * first.Output.abs().max().ToDouble());
    }

    [Theory]
    [MemberData(nameof(Saved))]
    public void The_same_network_comes_back_from_its_folder(RestorationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        random.manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using IDisposable noGraph = no_grad();
        ModelConfig config = new() { Data = "cifar10", Network = options, MaxSteps = 500 };
        Assert.Equal(config, ConfigReader.Parse(config.ToJson()));
        using ImplicitNetwork network = config.CreateNetwork();
        network.eval();
        ModelFolder.Save(folder.Path, config, network);
        (ImplicitNetwork loaded, ModelConfig found) = ModelFolder.Load(folder.Path);
        using ImplicitNetwork owned = loaded;
        Assert.Equal(config, found);
        Tensor measured = options.CreateMeasurement().Apply(rand(1, options.Channels, 8, 8));
        Assert.True(network.call(measured).equal(loaded.call(measured)).all().ToBoolean());
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void The_factor_that_is_measured_is_at_most_the_certified_one(RestorationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        random.manual_seed(5);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = new ModelConfig { Data = "x", Network = options, MaxSteps = 500 }.CreateNetwork();
        network.eval();
        ContractionReport report = network.MeasureContraction(options.CreateMeasurement().Apply(rand(3, options.Channels, 8, 8)));
        Assert.InRange(report.Measured, 1e-3, report.Certified!.Value);
    }

    [Theory]
    [MemberData(nameof(Trained))]
    public void One_step_of_training_reaches_every_weight_and_a_few_lower_the_error(RestorationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        random.manual_seed(3);
        using DisposeScope scope = NewDisposeScope();
        ModelConfig config = new() { Data = "x", Network = options, MaxSteps = 500 };

        // By steps from where solves start: nothing keeps a free denoiser from growing until they do not end.
        config = options.Denoiser == "free" ? config with { MaxSteps = 1, Gradient = "unrolled:3" } : config;
        using ImplicitNetwork network = config.CreateNetwork();
        network.OnFailure = new AcceptMaxSteps();
        network.train();
        Tensor images = rand(4, options.Channels, 8, 8).round();
        Tensor measured = options.CreateMeasurement().Apply(images);
        using optim.Optimizer optimizer = optim.Adam(network.parameters(), 0.01);
        double first = double.NaN, last = double.NaN;
        for (int step = 0; step < 10; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            optimizer.zero_grad();
            Tensor loss = nn.functional.mse_loss(network.call(measured), images);
            loss.backward();
            if (step == 0)
            {
                Assert.All(network.named_parameters(), item => Assert.True(item.parameter.grad!.abs().sum().ToDouble() > 0, item.name));
            }

            optimizer.step();
            last = loss.ToDouble();
            first = step == 0 ? last : first;
        }

        Assert.InRange(last, 0, 0.95 * first);
    }

    /// <summary>What the trainer asks for in every epoch, outside any scope; the base class counts what is left.</summary>
    [Fact]
    public void A_certificate_leaves_no_tensor_behind()
    {
        using ImplicitNetwork network = Small.CreateNetwork();
        BoundedRestorationOperator latent = Assert.IsType<BoundedRestorationOperator>(network.Layer.Operator);
        Assert.InRange(latent.CertifyFactor(), 0.1, 0.9001);
        Assert.InRange(latent.StepLength, 9, 11);
    }

    [Fact]
    public void The_network_has_the_parameters_that_its_documentation_counts()
    {
        // Three layers of a kernel and a bias of every channel inside, the step, and the six convolutions of the guide.
        using ImplicitNetwork network = new RestorationOptions().CreateNetwork();
        long count = network.parameters().Sum(parameter => parameter.numel());
        Assert.Equal((3 * ((3 * 32 * 25) + 32)) + 1 + (2 * 3 * 32 * 9) + 32 + 3 + (4 * ((32 * 32 * 9) + 32)), count);
        Assert.InRange(new RestorationOptions().LeastNumbers, count / 2, count);
    }

    /// <summary>Two convolutions of a layer, each with weights of its own, and the step; and no factor of it is known.</summary>
    [Fact]
    public void A_free_denoiser_has_twice_the_weights_no_certificate_and_begins_near_the_identity()
    {
        random.manual_seed(4);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = new RestorationOptions { Denoiser = "free", GuideChannels = 0 }.CreateNetwork();
        Assert.Equal((3 * ((2 * 3 * 32 * 25) + 32 + 3)) + 1, network.parameters().Sum(parameter => parameter.numel()));
        Assert.IsNotType<IContraction>(network.Layer.Operator, exactMatch: false);
        using FixedPointMap map = network.Layer.Operator.Bind(zeros(1, 3, 4, 4));
        Assert.Null(map.ErrorBound);
        Assert.Same(ReturnedIterate.Last, network.Stopping.Returned);
        using DenoiserBlock block = new(3, 8, 5);
        Tensor image = randn(2, 3, 8, 8), other = randn(2, 3, 8, 8);
        Assert.InRange((block.call(image) - image).norm().ToDouble() / image.norm().ToDouble(), 1e-4, 0.1);
        Assert.InRange((block.call(image) - block.call(other)).norm().ToDouble() / (image - other).norm().ToDouble(), 0.5, 1);
        using DenoiserBlock alone = new(1, 1, 1);
        foreach (Tensor parameter in alone.parameters())
        {
            parameter.fill_(2);
        }

        Assert.Equal([2 + (2 * (2 * 2 + 2)) + 2, -2 + 2], alone.call(tensor([2f, -2f]).reshape(2, 1, 1, 1)).data<float>().Select(value => (double)value));
    }

    [Fact]
    public void What_does_not_go_together_is_refused_in_one_line()
    {
        Assert.Contains("Measurement must be one of circular-blur, padded-blur, radon, identity; it is blur", Assert.Throws<ArgumentException>(() => new RestorationOptions { Measurement = "blur" }).Message, StringComparison.Ordinal);
        Assert.Contains("Denoiser must be one of bounded, free; it is loose", Assert.Throws<ArgumentException>(() => Small with { Denoiser = "loose" }).Message, StringComparison.Ordinal);
        Assert.Contains("measurements radon have no proximal map that is computed at once. Take proximal-gradient.", Assert.Throws<ArgumentException>(() => (Scan with { Side = 65, Step = "half-quadratic" }).CreateNetwork()).Message, StringComparison.Ordinal);
        foreach (Func<RestorationOptions> make in (Func<RestorationOptions>[])
            [
                () => Small with { Blur = 0 }, () => Small with { Blur = double.NaN }, () => Small with { KernelSize = 4 }, () => Small with { Gamma = 1 },
                () => Small with { Noise = -1 }, () => Small with { Angles = 0 }, () => Small with { Side = 2000 }, () => Small with { Layers = 0 },
            ])
        {
            Assert.Throws<ArgumentOutOfRangeException>(make);
        }
    }
}
