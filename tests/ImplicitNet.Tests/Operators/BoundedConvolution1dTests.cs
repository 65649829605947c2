using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class BoundedConvolution1dTests : TensorTest
{
    [Theory]
    [InlineData(3, 5)]
    [InlineData(3, 40)]
    [InlineData(5, 12)]
    [InlineData(1, 4)]
    [InlineData(9, 3)]
    public void The_certificate_bounds_the_true_norm_and_is_of_use(int kernel, int length)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(kernel + length);
        foreach (int? size in new int?[] { length, null })
        {
            using BoundedConvolution1d layer = new(3, 2, kernel, size, ScalarType.Float64);
            Tensor columns = layer.call(eye(3 * length, dtype: ScalarType.Float64).reshape(3 * length, 3, length)).detach();
            double norm = linalg.svdvals(columns.reshape(3 * length, -1)).max().ToDouble();
            double certified = layer.CertifyNorm();
            Assert.InRange(norm, 0, certified);
            Assert.InRange(certified, 0, 1);
            Assert.InRange(certified / norm, 1, length > 20 ? 1.02 : length > kernel ? 1.6 : 3);
        }
    }

    [Fact]
    public void It_is_the_convolution_of_images_of_height_one_and_of_torch()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        using BoundedConvolution1d layer = new(3, 4, 5, 11, ScalarType.Float64);
        using BoundedConvolution images = new(3, 4, 5, (1, 11), ScalarType.Float64);
        using (no_grad())
        {
            images.Weight.zero_();
            images.Weight.select(2, 2).copy_(layer.Weight);
        }

        Tensor input = randn([2, 3, 11], ScalarType.Float64);
        Assert.True((layer.call(input) - images.call(input.unsqueeze(2)).squeeze(2)).abs().max().ToDouble() < 1e-14);
        Tensor expected = nn.functional.conv1d(input, layer.NormalizedWeight(), padding: 2);
        Assert.True((layer.call(input) - expected).abs().max().ToDouble() < 1e-15);
        Assert.Equal(images.CertifyNorm(), layer.CertifyNorm(), 1e-12);
    }

    [Fact]
    public void A_contraction_of_sequences_is_solved_and_its_factor_holds()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        using ContractionOperator contraction = new(new BoundedConvolution1d(4, 4, 5, 30, ScalarType.Float64), 0.9);
        using ImplicitLayer layer = new(contraction) { Stopping = new StoppingRule { AbsoluteTolerance = 1e-10 } };
        Tensor q = randn([3, 4, 30], ScalarType.Float64);
        Tensor u = layer.call(q).detach();
        Assert.True((contraction.call(u, q) - u).abs().max().ToDouble() < 1e-9);
        ContractionReport report = Contraction.Report(contraction, q, u);
        Assert.InRange(report.Measured, 0.3, report.Certified!.Value);
        Assert.InRange(report.Certified.Value, 0, 0.9);
    }

    [Fact]
    public void What_it_cannot_be_and_cannot_take_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedConvolution1d(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedConvolution1d(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>("kernelSize", () => new BoundedConvolution1d(1, 1, 4));
        Assert.Throws<ArgumentOutOfRangeException>("kernelSize", () => new BoundedConvolution1d(1, 1, 257));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => new BoundedConvolution1d(1, 1, 3, 0));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => new BoundedConvolution1d(1000, 1000, 3, 1000));
        Assert.Throws<ArgumentException>("dtype", () => new BoundedConvolution1d(1, 1, dtype: ScalarType.Int32));
        using BoundedConvolution1d layer = new(2, 2, 3, 9);
        Assert.Contains("sequences of 9", Assert.Throws<ArgumentException>(() => layer.call(zeros(1, 2, 8))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => layer.call(zeros(1, 3, 9)));
    }
}
