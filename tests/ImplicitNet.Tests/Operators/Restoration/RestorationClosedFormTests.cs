using ImplicitNet.Measurements;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Measurements;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators.Restoration;

/// <summary>Fixed points that are known: of a quadratic prior by a dense solve, of a soft threshold by the conditions of the lasso.</summary>
public sealed class RestorationClosedFormTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-12, RelativeTolerance = 0, MaxSteps = 5000 };

    [Theory]
    [InlineData("circular skewed", "half-quadratic")]
    [InlineData("mask", "half-quadratic")]
    [InlineData("circular Gaussian", "gradient")]
    [InlineData("rays", "gradient")]
    [InlineData("padded Gaussian", "gradient")]
    public void With_a_share_of_the_identity_the_image_is_that_of_a_quadratic_prior(string name, string step)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(10);
        const double gamma = 0.8;
        (MeasurementOperator measurement, (int Height, int Width)[] sizes) = MeasurementCases.All[name];
        using ModuleRestorationOperator restoration = new(measurement, new Share(gamma), RestorationOperatorTests.Step(step));
        restoration.to(ScalarType.Float64);
        using ImplicitLayer layer = new(restoration) { Stopping = Tight };
        (int height, int width) = sizes[0];
        Tensor y = randn(MeasurementCases.Measured(measurement, (height, width)), ScalarType.Float64);
        Tensor found = layer.call(y).detach();

        // (1 - gamma) u + eta A^T (A u - y) = 0.
        Tensor a = MeasurementCases.Dense(measurement, (height, width));
        double eta = restoration.StepLength;
        Tensor system = ((1 - gamma) * eye(height * width, dtype: ScalarType.Float64)) + (eta * a.t().mm(a));
        Tensor expected = linalg.solve(system, eta * a.t().mm(y.reshape(6, -1).t())).t().reshape(found.shape);
        Assert.InRange((found - expected).abs().max().ToDouble(), 0, 1e-8);
    }

    [Theory]
    [InlineData("circular skewed")]
    [InlineData("few rays")]
    public void With_a_soft_threshold_the_image_meets_the_conditions_of_the_lasso(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(11);
        const double penalty = 0.5;
        (MeasurementOperator measurement, (int Height, int Width)[] sizes) = MeasurementCases.All[name];
        Threshold threshold = new();
        using ModuleRestorationOperator restoration = new(measurement, threshold, RestorationStep.ProximalGradient);
        restoration.to(ScalarType.Float64);
        threshold.Value = penalty * restoration.StepLength;
        using ImplicitLayer layer = new(restoration) { Stopping = Tight with { AbsoluteTolerance = 1e-10 } };
        Tensor y = randn(MeasurementCases.Measured(measurement, sizes[0], channels: 1), ScalarType.Float64);
        Tensor u = layer.call(y).detach();

        // 0 in A^T (A u - y) + penalty d|u|: the slope is -penalty sign(u) where u is not 0, and at most the penalty elsewhere.
        Tensor slope = measurement.Adjoint(measurement.Apply(u) - y), isZero = u.eq(0);
        Assert.InRange(isZero.sum().ToDouble(), 1, u.numel() - 1);
        Assert.InRange((slope + (penalty * u.sign())).masked_fill(isZero, 0).abs().max().ToDouble(), 0, 1e-8);
        Assert.InRange(slope.masked_fill(isZero.logical_not(), 0).abs().max().ToDouble(), 0, penalty + 1e-8);
    }

    [Fact]
    public void Gradient_steps_find_what_half_quadratic_steps_find()
    {
        using DisposeScope scope = NewDisposeScope();
        CircularBlur blur = CircularBlur.Gaussian(1);
        Tensor y = blur.Apply(rand([2, 1, 7, 6], ScalarType.Float64));
        Tensor[] found =
        [
            .. new[] { RestorationStep.HalfQuadratic, RestorationStep.Gradient }.Select(step =>
            {
                random.manual_seed(12);
                ConvexPotential denoiser = new(1, 4, 3, dtype: ScalarType.Float64);
                ConvexPotentialTests.Drawn(denoiser, 1, 0.3);
                using ImplicitLayer layer = new(new BoundedRestorationOperator(blur, denoiser, 0.9, step, stepLength: 3)) { Stopping = Tight };
                return layer.call(y).detach();
            }),
        ];
        Assert.InRange((found[0] - found[1]).abs().max().ToDouble(), 0, 1e-9);
    }

    [Fact]
    public void Of_a_known_factor_the_error_is_bounded_by_the_residual()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(13);
        ConvexPotential denoiser = new(1, 4, 3, dtype: ScalarType.Float64);
        ConvexPotentialTests.Drawn(denoiser, 1, 0.3);
        using BoundedRestorationOperator restoration = new(CircularBlur.Gaussian(1), denoiser, 0.9);
        Tensor y = rand([1, 1, 6, 6], ScalarType.Float64);
        using ImplicitLayer exact = new(restoration) { Stopping = Tight }, rough = new(restoration) { Stopping = Tight with { AbsoluteTolerance = 1e-2 } };
        using ImplicitResult early = rough.Run(y);
        double distance = (early.Latent - exact.Run(y).Latent).norm().ToDouble();
        Assert.InRange(distance, 1e-6, early.Report.Samples[0].ErrorBound!.Value);
    }

    private sealed class Share(double factor) : nn.Module<Tensor, Tensor>(nameof(Share))
    {
        public override Tensor forward(Tensor input) => input * factor;
    }

    private sealed class Threshold() : nn.Module<Tensor, Tensor>(nameof(Threshold))
    {
        public double Value { get; set; }

        public override Tensor forward(Tensor input) => nn.functional.softshrink(input, Value);
    }
}
