using ImplicitNet.Gradients;
using ImplicitNet.Measurements;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators.Restoration;

/// <summary>Restoration: factors that hold for every weight, gradients, sizes, dtypes, refusals.</summary>
public sealed class RestorationOperatorTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-12, RelativeTolerance = 0, MaxSteps = 3000 };

    private static readonly Dictionary<string, MeasurementOperator> Measurements = new()
    {
        ["blur"] = CircularBlur.Gaussian(0.8),
        ["rays"] = new RadonTransform(6, 4),
        ["mask"] = new PixelMask(Seen()),
    };

    public static TheoryData<string, string> Cases =>
    [
        ("blur", "half-quadratic"), ("mask", "half-quadratic"), ("blur", "proximal gradient"), ("rays", "proximal gradient"), ("blur", "gradient"),
        ("rays", "gradient"), ("rays", "half-quadratic"),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void No_factor_is_below_a_measured_one_whatever_the_weights(string measurement, string step)
    {
        random.manual_seed(7);
        Random draws = new(7);
        foreach (double scale in new[] { 1e-6, 1, 1e6 })
        {
            foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.Float64 })
            {
                using DisposeScope scope = NewDisposeScope();
                double gamma = draws.Next(2) == 0 ? 0.97 : 0.5;
                using BoundedRestorationOperator restoration = Drawn(measurement, step, dtype, gamma, scale);
                (double declared, double certified) = (restoration.DeclaredFactor, restoration.CertifyFactor());
                Assert.InRange(certified, 0, declared);
                Assert.InRange(declared, gamma * 0.99, 1 - 1e-9);
                Tensor y = restoration.Measurement.Apply(randn([1, 2, 6, 6], dtype));
                using FixedPointMap map = restoration.Bind(y);
                Tensor latent = randn([1, 2, 6, 6], dtype) * 3;
                Assert.All(Contraction.Measure(map, latent, iterations: 15), norm => Assert.InRange(norm, 0, certified * (1 + (dtype == ScalarType.Float32 ? 1e-6 : 1e-12))));
                Assert.Equal([0, 2, 6, 6], restoration.call(latent[..0], y[..0]).shape);
                Assert.Equal(1 / (1 - declared), map.ErrorBound!.Value.PerResidual, 1e-9 / (1 - declared));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Exact_gradients_are_those_of_a_long_unroll_and_those_of_JFB_one_step(string measurement, string step)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        BoundedRestorationOperator restoration = Drawn(measurement, step, ScalarType.Float64, 0.5, 1, guide: true);
        using ImplicitLayer layer = new(restoration) { Stopping = Tight };
        Tensor y = restoration.Measurement.Apply(randn([1, 2, 6, 6], ScalarType.Float64));
        Tensor[] exact = Gradients(new ImplicitGradient { RelativeTolerance = 1e-12 }), unrolled = Gradients(new UnrolledGradient { Steps = 100 });
        Tensor[] jacobianFree = Gradients(new JacobianFreeGradient());
        Assert.Equal(7, exact.Length);
        Assert.All(exact, gradient => Assert.NotEqual(0, gradient.abs().max().ToDouble()));
        Assert.All(exact.Zip(unrolled), pair => Assert.True((pair.First - pair.Second).norm().ToDouble() < 1e-8 * (1e-3 + pair.First.norm().ToDouble())));

        // JFB is the gradient of one step at a constant u*.
        Tensor found = layer.call(y).detach();
        restoration.zero_grad();
        restoration.call(found, y).pow(3).sum().backward();
        Assert.All(
            restoration.parameters().Zip(jacobianFree),
            pair => Assert.True((pair.First.grad! - pair.Second).norm().ToDouble() < 1e-8 * (1e-3 + pair.Second.norm().ToDouble())));

        // The learned step by finite differences of the whole solve.
        Parameter logit = restoration.get_parameter("step.logit")!;
        double derivative = Exact("step.logit").ToDouble();
        Assert.InRange(Math.Abs(derivative - ((Loss(1e-4) - Loss(-1e-4)) / 2e-4)), 0, 1e-5 * (1e-2 + Math.Abs(derivative)));

        // And the guide, which is evaluated beside it.
        Parameter guide = restoration.get_parameter("guide.weight")!;
        Tensor direction = randn_like(guide);
        double along = (Exact("guide.weight") * direction).sum().ToDouble();
        Assert.InRange(Math.Abs(along - ((Moved(guide, direction, 1e-5) - Moved(guide, direction, -1e-5)) / 2e-5)), 0, 1e-5 * (1e-2 + Math.Abs(along)));

        Tensor Exact(string name) => exact[Array.FindIndex([.. restoration.named_parameters()], named => named.name == name)];

        double Loss(double by) => Moved(logit, ones_like(logit), by);

        double Moved(Parameter parameter, Tensor way, double by)
        {
            using IDisposable noGraph = no_grad();
            parameter.add_(way * by);
            double loss = layer.call(y).pow(3).sum().ToDouble();
            parameter.sub_(way * by);
            return loss;
        }

        Tensor[] Gradients(FixedPointGradient gradient)
        {
            layer.Gradient = gradient;
            restoration.zero_grad();
            layer.call(y).pow(3).sum().backward();
            return [.. restoration.parameters().Select(parameter => parameter.grad!.clone())];
        }
    }

    [Fact]
    public void One_set_of_weights_restores_every_size_moves_between_dtypes_and_is_saved()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        using BoundedRestorationOperator restoration = Drawn("blur", "half-quadratic", ScalarType.Float32, 0.9, 1), copy = Drawn("blur", "half-quadratic", ScalarType.Float64, 0.9, 5);
        Tensor small = restoration.Measurement.Apply(rand(1, 2, 5, 6)), large = restoration.Measurement.Apply(rand(2, 2, 13, 9));
        using ImplicitLayer layer = new(restoration), other = new(copy);
        Assert.Equal(large.shape, layer.call(large).shape);
        Tensor before = layer.call(small).detach();
        double step = restoration.StepLength, certified = restoration.CertifyFactor();

        Assert.Equal(
            ["denoiser.0.bias", "denoiser.0.convolution.weight", "denoiser.1.bias", "denoiser.1.convolution.weight", "step.logit"],
            restoration.state_dict().Keys.Order(StringComparer.Ordinal));
        copy.load_state_dict(restoration.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.to(ScalarType.Float64)));
        restoration.to(ScalarType.Float64);
        Assert.InRange(Math.Abs(step - restoration.StepLength), 0, 1e-5 * step);
        Assert.Equal(certified, restoration.CertifyFactor(), 1e-5);
        Tensor after = layer.call(small.to(ScalarType.Float64)).detach();
        Assert.InRange((after - before).abs().max().ToDouble(), 0, 1e-2);
        Assert.Equal(after, other.call(small.to(ScalarType.Float64)).detach());
    }

    /// <summary>It sees the least-squares image and no latent: with a share of the identity for D the image is that of a dense solve.</summary>
    [Theory]
    [InlineData("blur", "half-quadratic")]
    [InlineData("rays", "half-quadratic")]
    [InlineData("rays", "gradient")]
    public void What_the_guide_adds_moves_the_image_as_a_prior_does_and_not_the_factor(string measurement, string step)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(12);
        MeasurementOperator a = Measurements[measurement];
        Conv2d guide = nn.Conv2d(1, 1, 3, padding: 1, dtype: ScalarType.Float64);
        using ModuleRestorationOperator restoration = new(a, new Scaled(0.5), Step(step), guide: guide);
        restoration.to(ScalarType.Float64);
        using ImplicitLayer layer = new(restoration) { Stopping = Tight };
        Tensor y = a.Apply(rand([1, 1, 6, 6], ScalarType.Float64));
        Tensor found = layer.call(y).detach(), start = restoration.StartingLatent(y);
        double eta = restoration.StepLength;

        // u - D(u) + eta A^T (A u - y) = G.
        Tensor slope = (0.5 * found) + (eta * a.Adjoint(a.Apply(found) - y));
        Assert.InRange((slope - guide.call(start)).abs().max().ToDouble(), 0, 1e-8);
        Tensor expected = step == "gradient"
            ? eta * a.Adjoint(y) / (1 + (eta * Math.Pow(a.NormBound(), 2) / (1 - 1e-5)))
            : a.Proximal(zeros_like(found), y, tensor(eta));
        Assert.InRange((start - expected).abs().max().ToDouble(), 0, 1e-10);

        using BoundedRestorationOperator plain = Drawn(measurement, step, ScalarType.Float64, 0.9, 1);
        using BoundedRestorationOperator guided = Drawn(measurement, step, ScalarType.Float64, 0.9, 1, guide: true);
        Assert.Equal(plain.DeclaredFactor, guided.DeclaredFactor);

        using ModuleRestorationOperator wrong = new(a, new Scaled(0.5), Step(step), guide: nn.Conv2d(1, 2, 3, padding: 1, dtype: ScalarType.Float64));
        wrong.to(ScalarType.Float64);
        Assert.Contains("The guide must keep the shape", Assert.Throws<ArgumentException>(() => wrong.Bind(y)).Message, StringComparison.Ordinal);
        using ModuleRestorationOperator drawing = new(a, new Scaled(0.5), Step(step), guide: nn.Dropout(0.5));
        drawing.to(ScalarType.Float64);
        Assert.Contains("draws random numbers", Assert.Throws<InvalidOperationException>(() => drawing.Bind(y)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_any_module_it_is_no_contraction_and_says_so()
    {
        using DisposeScope scope = NewDisposeScope();
        using ModuleRestorationOperator expanding = new(CircularBlur.Gaussian(1.5), new Scaled(1.5), stepLength: 10);
        Assert.False(expanding is LatentOperator and IContraction);
        Tensor y = rand([1, 1, 6, 6], ScalarType.Float32);
        ContractionReport report = Contraction.Report(expanding, y, y);
        Assert.Null(report.Certified);
        Assert.InRange(report.Measured, 1.2, 1.5);
        using ImplicitLayer layer = new(expanding) { OnFailure = new AcceptMaxSteps() };
        using ImplicitResult result = layer.Run(y);
        Assert.NotEqual(SolveStatus.Converged, result.Report.Samples[0].Status);
        Assert.Null(result.Report.Samples[0].ErrorBound);

        // Its denoiser's weights are trained as its step is.
        using ModuleRestorationOperator trained = new(new IdentityMeasurement(), nn.Conv2d(1, 1, 3, padding: 1, dtype: ScalarType.Float64));
        using ImplicitLayer training = new(trained);
        training.call(rand([1, 1, 4, 4], ScalarType.Float64)).square().sum().backward();
        Assert.All(trained.parameters(), parameter => Assert.True(parameter.grad is { } gradient && gradient.abs().max().ToDouble() > 0));
    }

    [Fact]
    public void Bad_input_is_refused_in_words()
    {
        using DisposeScope scope = NewDisposeScope();
        CircularBlur blur = CircularBlur.Gaussian(1);
        using ConvexPotential denoiser = new(2, 3), half = new(2, 3, dtype: ScalarType.Float16);
        using BoundedConvolution uneven = new(2, 3);
        Assert.Throws<ArgumentNullException>("measurement", () => new BoundedRestorationOperator(null!, denoiser, 0.9));
        Assert.Throws<ArgumentNullException>("denoiser", () => new BoundedRestorationOperator(blur, null!, 0.9));
        Assert.Throws<ArgumentNullException>("denoiser", () => new ModuleRestorationOperator(blur, null!));
        Assert.Throws<ArgumentException>("denoiser", () => new BoundedRestorationOperator(blur, uneven, 0.9));
        Assert.Throws<ArgumentException>(() => new BoundedRestorationOperator(blur, half, 0.9));
        foreach (double gamma in new[] { 0, 1, double.NaN })
        {
            Assert.Throws<ArgumentOutOfRangeException>("gamma", () => new BoundedRestorationOperator(blur, denoiser, gamma));
        }

        foreach (double length in new[] { 0, 2, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentOutOfRangeException>(
                "stepLength", () => new BoundedRestorationOperator(blur, denoiser, 0.9, RestorationStep.ProximalGradient, length));
        }

        Assert.Contains(
            "ProximalGradient",
            Assert.Throws<ArgumentException>("measurement", () => new BoundedRestorationOperator(PaddedBlur.Gaussian(1), denoiser, 0.9)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("measurement", () => new ModuleRestorationOperator(new PixelMask(new bool[2, 2]), denoiser));
        using BoundedRestorationOperator restoration = new(blur, denoiser, 0.9);
        Assert.Throws<ArgumentException>("q", () => restoration.Bind(zeros(1, 3, 4, 4)));
        Assert.Throws<ArgumentException>("q", () => restoration.Bind(zeros([1, 2, 4, 4], ScalarType.Float64)));
        Assert.Throws<ArgumentException>("q", () => restoration.StartingLatent(zeros(2, 4)));
        using BoundedRestorationOperator rays = new(new RadonTransform(4, 3), denoiser, 0.9, RestorationStep.Gradient);
        Assert.Throws<ArgumentException>("q", () => rays.Bind(zeros(1, 2, 4, 4)));
    }

    internal static RestorationStep Step(string name) => name switch
    {
        "half-quadratic" => RestorationStep.HalfQuadratic,
        "proximal gradient" => RestorationStep.ProximalGradient,
        _ => RestorationStep.Gradient,
    };

    private static BoundedRestorationOperator Drawn(
        string measurement, string step, ScalarType dtype, double gamma, double scale, bool guide = false)
    {
        BoundedSequence denoiser = new([new ConvexPotential(2, 3, 3, dtype: dtype), new ConvexPotential(2, 4, 3, dtype: dtype)]);
        BoundedRestorationOperator restoration = new(
            Measurements[measurement], denoiser, gamma, Step(step), guide: guide ? nn.Conv2d(2, 2, 3, padding: 1, dtype: dtype) : null);
        ConvexPotentialTests.Drawn(denoiser, scale, 0.1);
        using IDisposable noGraph = no_grad();
        if (scale != 1)
        {
            // Near its least or its most.
            restoration.get_parameter("step.logit")!.fill_(Math.Log(scale) / 2);
        }

        return restoration;
    }

    private static bool[,] Seen()
    {
        bool[,] seen = new bool[6, 6];
        Random draws = new(1);
        for (int place = 0; place < 36; place++)
        {
            seen[place / 6, place % 6] = draws.Next(2) == 0;
        }

        return seen;
    }

    private sealed class Scaled(double factor) : nn.Module<Tensor, Tensor>(nameof(Scaled))
    {
        public override Tensor forward(Tensor input) => input * factor;
    }
}
