using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class ContractionMeasureTests : TensorTest
{
    [Theory]
    [InlineData(3, 1)]
    [InlineData(20, 2)]
    [InlineData(7, 3)]
    public void A_coupled_map_is_measured_as_one_system(int size, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(seed);
        Tensor matrix = randn(size, size, ScalarType.Float64) * (0.5 / Math.Sqrt(size));
        using CoupledMap map = new(u => matrix.mm(u));
        double[] measured = Contraction.Measure(map, randn(size, 3, ScalarType.Float64), iterations: 300);
        Assert.Equal(linalg.svdvals(matrix).max().ToDouble(), Assert.Single(measured), 1e-3);
    }

    [Theory]
    [InlineData(1e-30)]
    [InlineData(1e-22)]
    [InlineData(1e-3)]
    [InlineData(1)]
    [InlineData(1e15)]
    public void A_factor_of_any_size_is_measured(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u * factor);
        Assert.All(Contraction.Measure(map, randn(2, 3)), measured => Assert.Equal(1, measured / factor, 1e-5));
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void A_contraction_in_half_precision_is_certified_and_measured_below(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        foreach (double gamma in new[] { 0.3, 0.9, 0.99 })
        {
            foreach (LatentOperator latentOperator in (LatentOperator[])[new ContractionOperator(new BoundedLinear(24, 24, dtype), gamma), new ContractionOperator(new BoundedConvolution(4, 4, 3, (5, 5), dtype), gamma)])
            {
                using LatentOperator owned = latentOperator;
                Tensor q = randn(latentOperator.parameters().First().ndim == 2 ? [2, 24] : [2, 4, 5, 5]).to(dtype);
                double certified = ((IContraction)latentOperator).CertifyFactor();
                using FixedPointMap map = latentOperator.Bind(q);
                Tensor weight = map.Inputs.Shared[0].detach().to(ScalarType.Float64);
                if (weight.ndim == 2)
                {
                    Assert.InRange(linalg.svdvals(weight).max().ToDouble(), 0, certified);
                }

                Assert.InRange(certified, 0.8 * gamma, gamma);
                ContractionReport report = Contraction.Report(latentOperator, q, latentOperator.StartingLatent(q));
                Assert.InRange(report.Measured, 0.05 * gamma, certified * 1.02);
            }
        }
    }

    [Fact]
    public void What_an_operator_of_ones_own_states_is_said_to_be_stated_and_a_false_word_is_an_error()
    {
        using DisposeScope scope = NewDisposeScope();
        using Stated honest = new(0.5);
        using Stated false_ = new(0.2);
        Tensor q = randn(2, 3);
        ContractionReport report = Contraction.Report(honest, q, q);
        Assert.True(report.IsStated && !report.IsContradicted);
        Assert.Contains("stated by the operator 0.5000 (not checked)", report.ToString(), StringComparison.Ordinal);
        report = Contraction.Report(false_, q, q);
        Assert.True(report.IsContradicted);
        Assert.Contains("Error: the measured factor is above", report.ToString(), StringComparison.Ordinal);
        using ContractionOperator own = new(new BoundedLinear(3, 3), 0.5);
        report = Contraction.Report(own, q, q);
        Assert.False(report.IsStated || report.IsContradicted);
        Assert.DoesNotContain("stated", report.ToString(), StringComparison.Ordinal);
    }

    /// <summary>u / 2 + q, whose factor is 0.5 whatever it states.</summary>
    private sealed class Stated(double factor) : LatentOperator(nameof(Stated)), IContraction
    {
        public double DeclaredFactor => factor;

        public double CertifyFactor() => factor;

        public override FixedPointMap Bind(Tensor q) => new PerSampleMap((u, input) => (u * 0.5) + input, q);

        public override Tensor StartingLatent(Tensor q) => zeros_like(q);
    }
}
