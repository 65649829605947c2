using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class PaddedNormTests : TensorTest
{
    private static readonly (string Name, Func<long[], Tensor> Draw)[] Kinds =
    [
        ("normal", shape => randn(shape, ScalarType.Float64)),
        ("positive", shape => rand(shape, ScalarType.Float64)),
        ("ones", shape => ones(shape, ScalarType.Float64)),
        ("signs", shape => randn(shape, ScalarType.Float64).sign()),
        ("differences", shape => tensor(new[] { 1.0, -2, 1 }).outer(tensor(new[] { 1.0, 0, -1 })).expand(shape).contiguous()),
        ("identity", shape => Centre(shape)),
        ("near identity", shape => Centre(shape) + (randn(shape, ScalarType.Float64) * 0.05)),
        ("one pixel", shape => Corner(shape)),
        ("rank 1", shape => randn([shape[0], 1, 1, 1], ScalarType.Float64) * randn([1, .. shape[1..]], ScalarType.Float64)),
        ("wide spread", shape => randn(shape, ScalarType.Float64) * (randn(shape, ScalarType.Float64) * 5).exp()),
    ];

    [Fact]
    public void It_is_never_below_the_norm_and_within_a_part_in_a_hundred_of_it()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        Dictionary<string, (List<double> Torus, List<double> Tight)> slacks = Kinds.ToDictionary(kind => kind.Name, _ => (new List<double>(), new List<double>()));
        (int Height, int Width)[] sizes = [(1, 1), (1, 5), (2, 2), (3, 3), (4, 7), (5, 5), (7, 4), (9, 9)];
        foreach ((string name, Func<long[], Tensor> draw) in Kinds)
        {
            foreach ((int height, int width) in sizes)
            {
                foreach ((int outputs, int inputs) in new[] { (1, 1), (3, 3), (2, 4), (4, 1) })
                {
                    using DisposeScope inner = NewDisposeScope();
                    Tensor kernel = draw([outputs, inputs, 3, 3]);
                    double norm = Norm(kernel, height, width);
                    double torus = Torus(kernel, height, width);
                    double tight = PaddedNorm.Tightened(kernel, (height, width), torus);
                    Assert.InRange(tight, norm * (1 - 1e-13), torus);
                    if (norm == 0)
                    {
                        // A kernel of neighbours alone on images of one pixel.
                        Assert.InRange(tight, 0, 1e-5 * torus);
                        continue;
                    }

                    slacks[name].Torus.Add((torus / norm) - 1);
                    slacks[name].Tight.Add((tight / norm) - 1);
                }
            }
        }

        foreach ((string name, (List<double> torus, List<double> tight)) in slacks)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(
                FormattableString.Invariant($"{name,-14} {100 * torus.Average(),8:0.00} % {100 * torus.Max(),8:0.00} %   {100 * tight.Average(),8:0.000} % {100 * tight.Max(),8:0.000} %"));
        }

        Assert.InRange(slacks.Values.SelectMany(slack => slack.Tight).Max(), 0, 0.01);
        Assert.InRange(slacks.Values.SelectMany(slack => slack.Tight).Average(), 0, 0.002);
        Assert.InRange(slacks.Values.SelectMany(slack => slack.Torus).Average(), 0.1, double.PositiveInfinity);
    }

    [Theory]
    [InlineData(1, 3, 6, 1)]
    [InlineData(5, 5, 6, 7)]
    [InlineData(7, 7, 3, 4)]
    [InlineData(3, 5, 8, 2)]
    public void Kernels_of_any_odd_sides_are_certified(int kernelHeight, int kernelWidth, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        Tensor kernel = randn([3, 2, kernelHeight, kernelWidth], ScalarType.Float64);
        double norm = Norm(kernel, height, width);
        Assert.InRange(PaddedNorm.Tightened(kernel, (height, width), 100 * norm) / norm, 1 - 1e-13, 1.01);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float16)]
    public void The_certificate_of_a_layer_is_tight_and_below_what_it_promises_at_every_scale(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(10);
        foreach (double scale in new[] { 1e-6, 1, 1e4 })
        {
            using BoundedConvolution layer = new(4, 4, 3, (6, 5), dtype);
            using (no_grad())
            {
                layer.Weight.copy_(randn(4, 4, 3, 3) * scale);
            }

            double certified = layer.CertifyNorm();
            double norm = Norm(layer.NormalizedWeight().detach().to(ScalarType.Float64), 6, 5);
            Assert.InRange(certified / norm, 1, 1.01);
            Assert.InRange(certified, 0, 1);
        }
    }

    [Fact]
    public void Large_images_nothing_and_what_is_no_number_keep_the_bound_that_is_known()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor kernel = randn([64, 64, 3, 3], ScalarType.Float64);
        Assert.Equal(1e6, PaddedNorm.Tightened(kernel, (64, 64), 1e6));
        Assert.Equal(0, PaddedNorm.Tightened(kernel * 0, (3, 3), 0));
        Assert.True(double.IsNaN(PaddedNorm.Tightened(kernel, (3, 3), double.NaN)));
        using BoundedConvolution anySize = new(2, 2, 3);
        Assert.InRange(anySize.CertifyNorm(), 0.9, 1);
    }

    private static Tensor Centre(long[] shape)
    {
        Tensor kernel = zeros(shape, ScalarType.Float64);
        for (long channel = 0; channel < Math.Min(shape[0], shape[1]); channel++)
        {
            kernel[channel, channel, 1, 1] = 1;
        }

        return kernel;
    }

    private static Tensor Corner(long[] shape)
    {
        Tensor kernel = zeros(shape, ScalarType.Float64);
        kernel[0, 0, 0, 2] = 1;
        return kernel;
    }

    private static double Torus(Tensor kernel, int height, int width) => SpectralNorm.LargestSingularValue(
        new TorusFrequencies((Math.Max(3, height + 1), Math.Max(3, width + 1)), (int)kernel.shape[^1]).Symbols(kernel));

    /// <summary>The largest singular value of the operator as a matrix, whose columns are what it makes of units.</summary>
    private static double Norm(Tensor kernel, int height, int width)
    {
        long count = kernel.shape[1] * height * width;
        Tensor units = eye(count, dtype: ScalarType.Float64).reshape(count, kernel.shape[1], height, width);
        Tensor columns = nn.functional.conv2d(units, kernel, padding: [kernel.shape[2] / 2, kernel.shape[3] / 2]).reshape(count, -1);
        return linalg.svdvals(columns).max().ToDouble();
    }
}
