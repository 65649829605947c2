using ImplicitNet.Measurements;
using ImplicitNet.Models.Baselines;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.Baselines;

public sealed class ClassicalRestorationTests : TensorTest
{
    [Theory]
    [InlineData(0.01)]
    [InlineData(3.0)]
    public void The_Wiener_filter_solves_the_normal_equations(double ratio)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        CircularBlur blur = CircularBlur.Gaussian(0.9);
        Tensor measurement = randn(2, 3, 6, 5, dtype: ScalarType.Float64);
        Tensor restored = new WienerFilter(blur).Restore(measurement, ratio);

        // The matrix of A, one pixel after the other.
        Tensor matrix = blur.Apply(eye(30, dtype: ScalarType.Float64).reshape(30, 1, 6, 5)).reshape(30, 30).t();
        Tensor expected = linalg.solve(matrix.t().mm(matrix) + (ratio * eye(30, dtype: ScalarType.Float64)), matrix.t().mm(measurement.reshape(6, 30).t())).t();
        Assert.InRange((restored.reshape(6, 30) - expected).abs().max().ToDouble(), 0, 1e-10);
        Assert.Equal("measurement", Assert.Throws<ArgumentException>(() => new WienerFilter(PaddedBlur.Gaussian(1))).ParamName);
    }

    /// <summary>
    /// Of white images of variance 1 and noise of deviation 30 the best share is 900 for any A, which the smaller range of an A of norm 1 would not reach.
    /// </summary>
    [Fact]
    public void Strengths_are_looked_for_in_the_units_of_the_measurement()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        RadonTransform radon = new(12, 20);
        WienerFilter filter = new(radon);
        Assert.Equal((1e-6, 10.0), new WienerFilter(new IdentityMeasurement()).Strengths);
        Assert.Equal(10 * Math.Pow(radon.NormBound(), 2), filter.Strengths.Most, 1e-9 * filter.Strengths.Most);
        Tensor images = randn(60, 1, 12, 12, dtype: ScalarType.Float64), measurement = radon.Apply(images);
        measurement += 30 * randn_like(measurement);
        double tuned = filter.Tune(strength => -(filter.Restore(measurement, strength) - images).square().mean().ToDouble());
        Assert.InRange(tuned, 700, 1150);
    }

    /// <summary>
    /// An edge of height 1 between halves of m pixels: both levels move by strength / m towards each other, until they meet. (Strong and Chan, "Edge-preserving and
    /// scale-dependent properties of total variation regularization", 2003.)
    /// </summary>
    [Theory]
    [InlineData(0.4, 0.1, 0.9)]
    [InlineData(1.2, 0.3, 0.7)]
    [InlineData(4, 0.5, 0.5)]
    public void Total_variation_lowers_an_edge_by_what_the_closed_form_says(double strength, double dark, double light)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor edge = cat([zeros(1, 1, 1, 4, dtype: ScalarType.Float64), ones(1, 1, 1, 4, dtype: ScalarType.Float64)], 3);
        Tensor measurement = strength > 1 ? edge.transpose(2, 3) : edge;
        double[] found = [.. new TotalVariation(new IdentityMeasurement()) { Steps = 300 }.Restore(measurement, strength).flatten().data<double>()];
        Assert.All(found[..4], value => Assert.Equal(dark, value, 1e-3));
        Assert.All(found[4..], value => Assert.Equal(light, value, 1e-3));
    }

    [Fact]
    public void No_image_nearby_has_a_lower_objective_than_that_of_total_variation()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        PaddedBlur blur = PaddedBlur.Gaussian(0.7);
        Tensor measurement = 3 * rand(1, 1, 7, 6, dtype: ScalarType.Float64);
        const double strength = 0.05;
        Tensor restored = new TotalVariation(blur) { Steps = 1_000 }.Restore(measurement, strength);
        double Objective(Tensor image)
        {
            Tensor down = nn.functional.pad(image.narrow(2, 1, 6) - image.narrow(2, 0, 6), [0, 0, 0, 1]);
            Tensor right = nn.functional.pad(image.narrow(3, 1, 5) - image.narrow(3, 0, 5), [0, 1]);
            return (0.5 * (blur.Apply(image) - measurement).square().sum().ToDouble()) + (strength * (down.square() + right.square()).sqrt().sum().ToDouble());
        }

        double least = Objective(restored);
        for (int trial = 0; trial < 30; trial++)
        {
            Tensor change = randn(1, 1, 7, 6, dtype: ScalarType.Float64) * Math.Pow(10, -1 - (trial % 4));
            Assert.True(Objective(restored + change) > least - 1e-6);
        }
    }

    [Fact]
    public void Backprojection_gives_the_level_of_a_disc_inside_and_nothing_outside()
    {
        using DisposeScope scope = NewDisposeScope();
        const int side = 48;
        const double radius = 15, level = 0.7;
        RadonTransform radon = new(side, 90);
        float[] rays = [.. Enumerable.Range(0, radon.Detectors).Select(ray => ray - ((radon.Detectors - 1) / 2.0))
            .Select(at => (float)(level * 2 * Math.Sqrt(Math.Max(0, (radius * radius) - (at * at)))))];
        Tensor sinogram = tensor(rays).repeat([90, 1]).reshape(1, 1, 90, radon.Detectors);
        float[] image = [.. new FilteredBackprojection(radon).Restore(sinogram, 1).flatten().data<float>()];
        for (int place = 0; place < image.Length; place++)
        {
            double distance = Math.Sqrt(Math.Pow((place % side) - 23.5, 2) + Math.Pow((place / side) - 23.5, 2));
            if (distance < radius - 4)
            {
                Assert.Equal(level, image[place], 0.03);
            }
            else if (distance > radius + 4 && distance < 23)
            {
                Assert.Equal(0, image[place], 0.03);
            }
        }
    }

    [Fact]
    public void The_best_strength_is_found_wherever_it_lies()
    {
        using DisposeScope scope = NewDisposeScope();
        WienerFilter filter = new(new IdentityMeasurement());
        foreach (double best in (double[])[1e-6, 3e-4, 0.02, 0.7, 10])
        {
            int calls = 0;
            double found = filter.Tune(strength =>
            {
                calls++;
                return -Math.Pow(Math.Log(strength / best), 2);
            });
            Assert.InRange(found / best, 1 / 1.35, 1.35);
            Assert.Equal(15, calls);
        }

        Assert.Equal("strength", Assert.Throws<ArgumentOutOfRangeException>(() => filter.Restore(zeros(1, 1, 2, 2), 0)).ParamName);
    }
}
