using ImplicitNet.Measurements;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Measurements;

/// <summary>What every measurement operator promises: its adjoint, the bound of its norm, its proximal map.</summary>
public sealed class MeasurementOperatorTests : TensorTest
{
    [Theory]
    [MemberData(nameof(MeasurementCases.Names), MemberType = typeof(MeasurementCases))]
    public void The_adjoint_is_exact_in_both_dtypes(string name)
    {
        (MeasurementOperator measurement, (int, int)[] sizes) = MeasurementCases.All[name];
        random.manual_seed(1);
        foreach ((int height, int width) in sizes)
        {
            foreach ((ScalarType dtype, double tolerance) in new[] { (ScalarType.Float32, 1e-6), (ScalarType.Float64, 1e-12) })
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor x = randn([2, 3, height, width], dtype), y = randn(MeasurementCases.Measured(measurement, (height, width)), dtype);
                Tensor ax = measurement.Apply(x), back = measurement.Adjoint(y);
                Assert.Equal(y.shape, ax.shape);
                Assert.Equal(x.shape, back.shape);
                Assert.Equal((dtype, dtype), (ax.dtype, back.dtype));
                double apart = Math.Abs(Product(ax, y) - Product(x, back));
                Assert.InRange(apart, 0, tolerance * Math.Max(1e-30, ax.norm().ToDouble() * y.norm().ToDouble()));
            }
        }

        static double Product(Tensor one, Tensor other) => (one.to(ScalarType.Float64) * other.to(ScalarType.Float64)).sum().ToDouble();
    }

    [Theory]
    [MemberData(nameof(MeasurementCases.Names), MemberType = typeof(MeasurementCases))]
    public void The_bound_is_never_below_the_norm_and_that_of_a_size_is_near_it(string name)
    {
        (MeasurementOperator measurement, (int, int)[] sizes) = MeasurementCases.All[name];
        foreach ((int, int) size in sizes)
        {
            using DisposeScope scope = NewDisposeScope();
            double norm = linalg.svdvals(MeasurementCases.Dense(measurement, size)).max().ToDouble(), bound = measurement.NormBound(size);
            Assert.InRange(bound, norm, name.StartsWith("padded", StringComparison.Ordinal) ? double.MaxValue : norm * (1 + 1e-6));
            Assert.InRange(measurement.NormBound() * (1 + 1e-12), bound, double.MaxValue);
        }
    }

    [Fact]
    public void The_bound_of_a_blur_is_its_largest_factor_of_a_frequency()
    {
        // [1, 2, 1] / 4 along x and [-1, 0, 1] along y: |cos(pi k / n)^2| and 2 |sin(2 pi l / n)|, largest at k = 0 and a quarter turn.
        double[,] kernel = { { -0.25, -0.5, -0.25 }, { 0, 0, 0 }, { 0.25, 0.5, 0.25 } };
        Assert.Equal(2, new CircularBlur(kernel).NormBound((8, 5)), 1e-12);
        Assert.Equal(2 * Math.Sin(0.4 * Math.PI), new CircularBlur(kernel).NormBound((5, 5)), 1e-12);
        Assert.Equal(1, CircularBlur.Gaussian(1.6).NormBound((9, 11)), 1e-12);
        Assert.InRange(PaddedBlur.Gaussian(1.6).NormBound((9, 11)), 0.8, 1 + 1e-12);
        Assert.Equal(0, new PixelMask(new bool[2, 2]).NormBound());
    }

    [Theory]
    [MemberData(nameof(MeasurementCases.WithProximal), MemberType = typeof(MeasurementCases))]
    public void The_proximal_map_is_the_dense_solution_and_its_derivatives_are_differences(string name)
    {
        (MeasurementOperator measurement, (int, int)[] sizes) = MeasurementCases.All[name];
        random.manual_seed(2);
        foreach ((int height, int width) in sizes)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor a = MeasurementCases.Dense(measurement, (height, width));
            Tensor point = randn([2, 2, height, width], ScalarType.Float64).requires_grad_();
            Tensor y = randn(MeasurementCases.Measured(measurement, (height, width), channels: 2), ScalarType.Float64).requires_grad_();
            Tensor step = tensor(2.5).requires_grad_();
            Tensor found = measurement.Proximal(point, y, step);
            Tensor system = eye(height * width, dtype: ScalarType.Float64) + (2.5 * a.t().mm(a));
            Tensor right = point.detach().reshape(4, -1).t() + (2.5 * a.t().mm(y.detach().reshape(4, -1).t()));
            Assert.InRange((found.detach().reshape(4, -1).t() - linalg.solve(system, right)).abs().max().ToDouble(), 0, 1e-10);

            Tensor weights = randn_like(found);
            (found * weights).sum().backward();
            foreach (Tensor argument in new[] { point, y, step })
            {
                Tensor direction = randn_like(argument);
                double Loss(double along)
                {
                    using IDisposable noGraph = no_grad();
                    Tensor At(Tensor tensor) => ReferenceEquals(tensor, argument) ? tensor + (direction * along) : tensor;
                    return (measurement.Proximal(At(point), At(y), At(step)) * weights).sum().ToDouble();
                }

                double difference = (Loss(1e-5) - Loss(-1e-5)) / 2e-5, derivative = (argument.grad! * direction).sum().ToDouble();
                Assert.InRange(Math.Abs(difference - derivative), 0, 1e-8 * (1 + Math.Abs(derivative)));
            }
        }
    }

    [Fact]
    public void A_circular_blur_is_the_convolution_and_so_is_a_padded_one_away_from_the_edge()
    {
        using DisposeScope scope = NewDisposeScope();
        double[,] kernel = { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 } };
        Tensor point = zeros([1, 1, 5, 6], ScalarType.Float64);
        point[0, 0, 2, 3] = tensor(1.0);
        foreach (MeasurementOperator blur in new MeasurementOperator[] { new CircularBlur(kernel), new PaddedBlur(kernel) })
        {
            Tensor seen = blur.Apply(point)[0, 0, 1..4, 2..5];
            Assert.InRange((seen - tensor(kernel)).abs().max().ToDouble(), 0, 1e-12);
            Assert.Equal(45, blur.Apply(point).sum().ToDouble(), 1e-9);
        }

        // At a corner one goes on at the opposite ones, the other is cut.
        Tensor corner = zeros([1, 1, 5, 6], ScalarType.Float64);
        corner[0, 0, 0, 0] = tensor(1.0);
        Assert.Equal(1, new CircularBlur(kernel).Apply(corner)[0, 0, 4, 5].ToDouble(), 1e-12);
        Assert.Equal(5 + 6 + 8 + 9, new PaddedBlur(kernel).Apply(corner).sum().ToDouble(), 1e-12);
        Tensor gaussian = PaddedBlur.Gaussian(1.6).Apply(nn.functional.pad(ones([1, 1, 1, 1], ScalarType.Float64), [4, 4, 4, 4]));
        Assert.Equal(Math.Exp(-16 / (2 * 1.6 * 1.6)), (gaussian[0, 0, 4, 8] / gaussian[0, 0, 4, 4]).ToDouble(), 1e-12);
        Assert.Equal((1.0, true), (Math.Round(gaussian.sum().ToDouble(), 12), gaussian[0, 0, 0, 0].ToDouble() > 0));
    }

    [Fact]
    public void Bad_input_is_refused_in_words()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Throws<ArgumentException>("kernel", () => new CircularBlur(new double[2, 3]));
        Assert.Throws<ArgumentException>("kernel", () => new PaddedBlur(new[,] { { double.NaN } }));
        Assert.Throws<ArgumentOutOfRangeException>("deviation", () => CircularBlur.Gaussian(0));
        Assert.Throws<ArgumentOutOfRangeException>("deviation", () => PaddedBlur.Gaussian(double.NaN));
        Assert.Throws<ArgumentException>("seen", () => new PixelMask(new bool[0, 3]));
        Assert.Throws<ArgumentOutOfRangeException>("side", () => new RadonTransform(0, 3));
        Assert.Throws<ArgumentOutOfRangeException>("side", () => new RadonTransform(20000, 300));
        Assert.Throws<ArgumentOutOfRangeException>("detectors", () => new RadonTransform(4, 3, 0));

        CircularBlur blur = CircularBlur.Gaussian(1);
        Tensor image = zeros(1, 2, 4, 4);
        Assert.Throws<ArgumentNullException>("image", () => blur.Apply(null!));
        Assert.Throws<ArgumentException>("image", () => blur.Apply(zeros(2, 4, 4)));
        Assert.Throws<ArgumentException>("image", () => blur.Apply(zeros([1, 2, 4, 4], ScalarType.Float16)));
        Assert.Throws<ArgumentException>("image", () => blur.Apply(zeros(1, 2, 0, 4)));
        Assert.Throws<ArgumentException>("measurement", () => blur.Proximal(image, zeros(1, 2, 4, 5), tensor(1f)));
        Assert.Throws<ArgumentException>("measurement", () => blur.Proximal(image, zeros([1, 2, 4, 4], ScalarType.Float64), tensor(1f)));
        Assert.Throws<ArgumentException>("step", () => blur.Proximal(image, image, ones(1)));
        Assert.Throws<ArgumentException>("step", () => blur.Proximal(image, image, tensor(1.0)));
        Assert.Throws<ArgumentOutOfRangeException>("step", () => blur.Proximal(image, image, tensor(0f)));
        RadonTransform rays = new(4, 3);
        Assert.Contains("measures images of 4 x 4", Assert.Throws<ArgumentException>("image", () => rays.Apply(zeros(1, 1, 5, 4))).Message, StringComparison.Ordinal);
        Assert.Contains($"of 3 x {rays.Detectors}", Assert.Throws<ArgumentException>("measurement", () => rays.Adjoint(image)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "no proximal map", Assert.Throws<InvalidOperationException>(() => PaddedBlur.Gaussian(1).Proximal(image, image, tensor(1f))).Message, StringComparison.Ordinal);

        // No samples are no fault.
        Assert.Equal([0, 2, 3, rays.Detectors], rays.Apply(zeros(0, 2, 4, 4)).shape);
        Assert.Equal([0, 2, 4, 4], rays.Adjoint(zeros(0, 2, 3, rays.Detectors)).shape);
        Assert.Equal([0, 2, 4, 4], blur.Apply(zeros(0, 2, 4, 4)).shape);
    }
}
