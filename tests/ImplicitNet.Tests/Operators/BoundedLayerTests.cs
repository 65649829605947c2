using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class BoundedLayerTests : TensorTest
{
    [Theory]
    [InlineData(3, 5, 5)]
    [InlineData(3, 9, 6)]
    [InlineData(5, 7, 7)]
    [InlineData(1, 4, 4)]
    public void The_certificate_bounds_the_true_norm_of_the_zero_padded_convolution(int kernel, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(kernel + height);
        foreach ((int Height, int Width)? size in new (int, int)?[] { (height, width), null })
        {
            using BoundedConvolution layer = new(3, 2, kernel, size, ScalarType.Float64);
            double norm = TrueNorm(layer, [3, height, width]);
            double certified = layer.CertifyNorm();
            Assert.InRange(norm, 0, certified);
            Assert.True(certified <= 1, $"{certified}");

            // The bound is of use: on a torus of side n + r it is at most some tens of percent above the norm at these small sizes.
            Assert.InRange(certified / norm, 1, 1.6);
        }
    }

    [Fact]
    public void At_larger_images_the_bound_is_close_to_the_norm()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using BoundedConvolution layer = new(4, 4, 3, (14, 14), ScalarType.Float64);
        Assert.InRange(layer.CertifyNorm() / TrueNorm(layer, [4, 14, 14]), 1, 1.06);
    }

    [Fact]
    public void A_smooth_kernel_attains_the_supremum_that_the_grid_must_not_miss()
    {
        // All ones: the symbol's maximum, 9, is at frequency zero; a symbol that peaks between grid points is its modulation.
        using DisposeScope scope = NewDisposeScope();
        using BoundedConvolution layer = new(1, 1, 3, null, ScalarType.Float64);
        using (no_grad())
        {
            Tensor phase = (arange(3, ScalarType.Float64) * 0.77).cos();
            layer.named_parameters().Single().parameter.copy_((phase.unsqueeze(1) * phase.unsqueeze(0)).reshape(1, 1, 3, 3));
        }

        Assert.InRange(TrueNorm(layer, [1, 24, 24]), 0.5, layer.CertifyNorm());
    }

    [Fact]
    public void A_linear_layer_has_norm_one_at_most_and_nearly()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        foreach ((long inputs, long outputs) in new[] { (40L, 40L), (10L, 30L), (30L, 10L), (1L, 1L) })
        {
            using BoundedLinear layer = new(inputs, outputs);
            Assert.InRange(layer.CertifyNorm(), 0.97, 1);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_gradient_passes_through_the_bound(bool convolution)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        BoundedLayer layer = convolution ? new BoundedConvolution(2, 3, 3, (4, 5), ScalarType.Float64) : new BoundedLinear(4, 3, ScalarType.Float64);
        using BoundedLayer owned = layer;
        Tensor parameter = layer.named_parameters().Single().parameter;
        Tensor probe = randn(parameter.shape, ScalarType.Float64);
        (layer.NormalizedWeight() * probe).sum().backward();
        Tensor gradient = parameter.grad!.clone();
        using (no_grad())
        {
            for (int i = 0; i < parameter.numel(); i += 5)
            {
                double Value(double shift)
                {
                    using DisposeScope inner = NewDisposeScope();
                    Tensor flat = parameter.view(-1);
                    flat[i] = flat[i] + shift;
                    double value = (layer.NormalizedWeight() * probe).sum().ToDouble();
                    flat[i] = flat[i] - shift;
                    return value;
                }

                Assert.Equal((Value(1e-5) - Value(-1e-5)) / 2e-5, gradient.view(-1)[i].ToDouble(), 1e-6);
            }
        }
    }

    [Fact]
    public void Zero_and_huge_and_tiny_weights_stay_finite_and_bounded()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (double factor in new[] { 0, 1e-15, 1e-3, 1e3, 1e15 })
        {
            using BoundedConvolution layer = new(4, 4, 3, (6, 6));
            using (no_grad())
            {
                layer.named_parameters().Single().parameter.mul_(factor);
            }

            // Near zero a layer is linear in its weight: its norm falls with it, and its gradient stays of ordinary size.
            using Tensor kernel = layer.NormalizedWeight().detach().to(ScalarType.Float64);
            Assert.InRange(SpectralNorm.LargestSingularValue(new TorusFrequencies((7, 7), 3).Symbols(kernel)), factor < 1 ? 0 : 0.97, 1);
            Assert.InRange(layer.CertifyNorm(), 0, 1);
        }
    }

    [Fact]
    public void A_weight_that_is_not_finite_has_no_certificate()
    {
        using DisposeScope scope = NewDisposeScope();
        using BoundedConvolution layer = new(4, 4, 3, (6, 6));
        using (no_grad())
        {
            layer.named_parameters().Single().parameter[0, 0, 0, 0] = double.NaN;
        }

        Assert.Equal(double.NaN, layer.CertifyNorm());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_weight_is_the_same_with_and_without_gradients_whatever_happened_to_it(bool convolution)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        using BoundedLayer layer = convolution ? new BoundedConvolution(4, 3, 3, (6, 5)) : new BoundedLinear(6, 4);
        Tensor parameter = layer.named_parameters().Single().parameter;
        Action[] changes =
        [
            () => { },
            () => parameter.mul_(1.5),
            () => parameter.view(-1)[0] = 7,
            () => parameter.copy_(randn_like(parameter)),
            () => parameter.view(-1)[0] = double.NaN,
            () => parameter.zero_(),
        ];
        foreach (Action change in changes)
        {
            Tensor plain;
            using (no_grad())
            {
                change();
                plain = layer.NormalizedWeight();
            }

            Assert.True(plain.bytes.SequenceEqual(layer.NormalizedWeight().detach().bytes));
        }
    }

    [Fact]
    public void The_bound_of_a_weight_that_stays_is_computed_once()
    {
        using DisposeScope scope = NewDisposeScope();
        RememberedBound remembered = new();
        Tensor weight = ones(3, 3);
        int computed = 0;
        Tensor Bound(Tensor matrix)
        {
            computed++;
            return matrix.sum().reshape(1);
        }

        Assert.Equal(9, remembered.Of(weight, Bound).ToDouble());
        Assert.Equal(9, remembered.Of(weight.clone(), Bound).ToDouble());
        Assert.Equal(1, computed);
        weight[2, 2] = 2;
        Assert.Equal(10, remembered.Of(weight, Bound).ToDouble());
        Assert.Equal(ScalarType.Float64, remembered.Of(weight.to(ScalarType.Float64), Bound).dtype);
        Assert.Equal(3, computed);
    }

    [Fact]
    public void Images_of_another_size_than_the_bound_was_made_for_are_refused()
    {
        using BoundedConvolution layer = new(1, 1, 3, (9, 9));
        using Tensor image = zeros(1, 1, 28, 28);
        Assert.Contains("9 x 9", Assert.Throws<ArgumentException>(() => layer.call(image)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_sizes_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedConvolution(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedConvolution(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedConvolution(1, 1, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedConvolution(1, 1, 3, (0, 4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedLinear(0, 4));
    }

    /// <summary>The largest singular value of the layer as a dense matrix.</summary>
    private static double TrueNorm(BoundedLayer layer, long[] sample)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        long size = sample.Aggregate(1L, (a, b) => a * b);
        Tensor columns = layer.call(eye(size, dtype: ScalarType.Float64).reshape([size, .. sample]));
        return linalg.svdvals(columns.reshape(size, -1)).max().ToDouble();
    }
}
