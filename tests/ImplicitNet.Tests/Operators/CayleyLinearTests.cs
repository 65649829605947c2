using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>A layer that keeps lengths.</summary>
public sealed class CayleyLinearTests : TensorTest
{
    [Theory]
    [InlineData(5, 5)]
    [InlineData(9, 4)]
    [InlineData(4, 9)]
    [InlineData(1, 1)]
    [InlineData(1, 6)]
    public void Its_rows_or_columns_are_orthonormal_whatever_the_weight(long inputs, long outputs)
    {
        random.manual_seed(31);
        foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
        {
            foreach (double scale in (double[])[0, 1e-6, 1, 30, 1e4])
            {
                using DisposeScope scope = NewDisposeScope();
                using CayleyLinear layer = new(inputs, outputs, dtype);
                ConvexPotentialTests.Drawn(layer, scale, 1);
                Tensor weight = layer.OrthogonalWeight().detach().to(ScalarType.Float64);
                Tensor fewer = inputs < outputs ? weight.t() : weight;
                Tensor gap = fewer.mm(fewer.t()) - eye(Math.Min(inputs, outputs), dtype: ScalarType.Float64);
                Assert.InRange(gap.abs().max().ToDouble(), 0, 3e-5);
                double norm = linalg.svdvals(weight).max().ToDouble();
                Assert.InRange(layer.CertifyNorm(), norm, 1);
                Tensor x = randn([7, inputs], dtype);
                Tensor expected = x.mm(weight.to(dtype).t()) + layer.Bias;
                Assert.InRange((layer.call(x) - expected).abs().max().ToDouble(), 0, dtype == ScalarType.Float32 ? 1e-5 : 1e-12);
            }
        }
    }

    // The square of side 2 with U - U^T = [[0, t], [-t, 0]] is (I - A)(I + A)^-1, the turn by 2 arctan t.
    [Fact]
    public void A_plane_is_turned_by_twice_the_arc_tangent()
    {
        using DisposeScope scope = NewDisposeScope();
        using CayleyLinear layer = new(2, 2, ScalarType.Float64);
        using (no_grad())
        {
            layer.Weight.copy_(tensor(new double[,] { { 5, 0.75 }, { 0, -3 } }));
        }

        double angle = 2 * Math.Atan(0.75);
        Tensor expected = tensor(new double[,] { { Math.Cos(angle), -Math.Sin(angle) }, { Math.Sin(angle), Math.Cos(angle) } });
        Assert.InRange((layer.OrthogonalWeight() - expected).abs().max().ToDouble(), 0, 2e-5);
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(2, 5)]
    [InlineData(5, 2)]
    public void Its_gradient_is_that_of_finite_differences(long inputs, long outputs)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(32);
        using CayleyLinear layer = new(inputs, outputs, ScalarType.Float64);
        Tensor x = randn([4, inputs], ScalarType.Float64), probe = randn([4, outputs], ScalarType.Float64), direction = randn_like(layer.Weight);
        (layer.call(x) * probe).sum().backward();
        double slope = layer.Weight.grad!.mul(direction).sum().ToDouble();
        double Moved(double by)
        {
            using IDisposable noGraph = no_grad();
            layer.Weight.add_(direction, alpha: by);
            double value = (layer.call(x) * probe).sum().ToDouble();
            layer.Weight.add_(direction, alpha: -by);
            return value;
        }

        Assert.Equal(slope, (Moved(1e-6) - Moved(-1e-6)) / 2e-6, 1e-7);
    }

    [Fact]
    public void It_is_a_part_of_a_contraction_and_refuses_what_it_does_not_take()
    {
        using DisposeScope scope = NewDisposeScope();
        using ContractionOperator contraction = new(new CayleyLinear(3, 3), 0.7);
        Assert.InRange(contraction.CertifyFactor(), 0.69, 0.7);
        using CayleyLinear layer = new(3, 2);
        Assert.Equal((3L, 2L), (layer.Inputs, layer.Outputs));
        Assert.Equal([2, 5, 2], layer.call(zeros(2, 5, 3)).shape);
        Assert.Throws<ArgumentException>("input", () => layer.call(zeros(2, 2)));
        Assert.Throws<ArgumentException>("input", () => layer.call(zeros([2, 3], ScalarType.Float64)));
        Assert.Throws<ArgumentException>(() => new CayleyLinear(3, 2, ScalarType.Float16));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CayleyLinear(0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CayleyLinear(2, 0));
        foreach (TorchSharp.Modules.Parameter parameter in layer.parameters())
        {
            using (no_grad())
            {
                Tensor before = parameter.clone();
                parameter.view(-1)[0] = double.NaN;
                Assert.Equal(double.NaN, layer.CertifyNorm());
                Assert.True(layer.call(ones(1, 3)).isnan().any().ToBoolean());
                parameter.copy_(before);
            }
        }
    }
}
