using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class WellPosedLowRankTests : TensorTest
{
    [Fact]
    public void It_is_the_product_of_its_factors_with_rows_within_the_limit()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using WellPosedLowRank layer = new(50, 3, ScalarType.Float64);
        Assert.Equal(2 * 50 * 3, layer.parameters().Sum(parameter => parameter.numel()));
        Tensor whole = layer.Weight[0].mm(layer.Weight[1].T).detach();
        Tensor sums = whole.abs().sum(1);
        Tensor expected = whole / sums.clamp_min(1).unsqueeze(1);
        Tensor input = randn(4, 50, ScalarType.Float64);
        Assert.True(layer.call(input).allclose(input.mm(expected.T), 1e-9, 1e-12));
        Assert.True(sums.min().ToDouble() < 1 && sums.max().ToDouble() > 1, "both kinds of rows are wanted");
        Assert.InRange(layer.CertifyNorm(), 0.999999, 1);
        Assert.Equal(ResidualNorm.Max, layer.Norm);
    }

    [Fact]
    public void Its_variance_is_that_of_a_fully_connected_layer()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using WellPosedLowRank layer = new(300, 10);
        Assert.Equal(1 / 900.0, layer.Weight[0].mm(layer.Weight[1].T).square().mean().ToDouble(), 1e-4);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void The_declared_factor_holds_where_the_factors_cancel_and_where_they_underflow(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        foreach (double scale in new[] { 1e-6, 1e-3, 1, 4, 10, 40, 200 })
        {
            foreach (double gamma in new[] { 1e-6, 1e-5, 1e-4, 0.5, 0.99 })
            {
                using WellPosedLowRank layer = new(12, 4, dtype);
                using (no_grad())
                {
                    layer.Weight.copy_(randn(2, 12, 4) * scale);

                    // Columns that cancel but for rounding.
                    layer.Weight[0].narrow(1, 1, 1).copy_(-layer.Weight[0].narrow(1, 0, 1));
                    layer.Weight[1].narrow(1, 1, 1).copy_(layer.Weight[1].narrow(1, 0, 1) * 1.001);
                }

                using ContractionOperator contraction = new(layer, gamma);
                Assert.InRange(contraction.CertifyFactor(), 0, gamma);
            }
        }
    }

    [Fact]
    public void Its_derivative_is_that_of_central_differences()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        using WellPosedLowRank layer = new(5, 2, ScalarType.Float64);
        Tensor factors = randn(2, 5, 2, ScalarType.Float64), weights = randn(2, 5, 2, ScalarType.Float64);
        Set(layer, factors);
        (layer.ScaledWeight(0.9) * weights).sum().backward();
        double[] gradient = [.. layer.Weight.grad!.contiguous().data<double>()];
        for (int place = 0; place < gradient.Length; place++)
        {
            Tensor step = zeros(20, ScalarType.Float64);
            step[place] = 1e-6;
            double difference = (At(factors + step.reshape(2, 5, 2)) - At(factors - step.reshape(2, 5, 2))) / 2e-6;
            Assert.Equal(difference, gradient[place], 1e-8);
        }

        double At(Tensor values)
        {
            Set(layer, values);
            using IDisposable noGraph = no_grad();
            return (layer.ScaledWeight(0.9) * weights).sum().ToDouble();
        }
    }

    [Fact]
    public void In_a_contraction_it_converges_and_the_distance_is_within_the_bound()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        using ContractionOperator contraction = new(new WellPosedLowRank(40, 4, ScalarType.Float64), 0.9, LatentActivation.LeakyRelu(0));
        Tensor q = randn(3, 40, ScalarType.Float64);
        using FixedPointMap map = contraction.Bind(q);
        using FixedPointSolution exact = FixedPoint.Solve(map, q, stopping: new StoppingRule { RelativeTolerance = 1e-13, MaxSteps = 1000 });
        using FixedPointSolution rough = FixedPoint.Solve(map, q, stopping: new StoppingRule { RelativeTolerance = 0.01, Norm = ResidualNorm.Max });
        double distance = ResidualNorm.Max.Measure(rough.Latent - exact.Latent).max().ToDouble();
        Assert.InRange(distance, 1e-6, rough.Report.ErrorBound!.Value);
        Assert.Throws<ArgumentOutOfRangeException>(() => new WellPosedLowRank(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WellPosedLowRank(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WellPosedLinear(0));
        Assert.Throws<ArgumentException>(() => new WellPosedLinear(2, dtype: ScalarType.Int32));
    }

    private static void Set(WellPosedLowRank layer, Tensor values)
    {
        using IDisposable noGraph = no_grad();
        layer.Weight.copy_(values);
    }
}
