using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class ContractionNormTests : TensorTest
{
    [Theory]
    [InlineData(ScalarType.Float64, 1e-12)]
    [InlineData(ScalarType.Float32, 1e-6)]
    public void The_largest_row_is_found_from_below_in_a_maximum_norm(ScalarType dtype, double error)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        foreach (int size in new[] { 1, 2, 3, 10, 60 })
        {
            Tensor matrix = randn(size, size, ScalarType.Float64);
            double[] weights = [.. rand(size, ScalarType.Float64).exp().data<double>()];
            foreach (ResidualNorm norm in new[] { ResidualNorm.Max, ResidualNorm.Weighted(weights) })
            {
                Tensor weight = tensor([.. norm.PartsOf(size)!.Select(part => part.Weight)], ScalarType.Float64);
                double exact = (matrix.to(dtype).to(ScalarType.Float64).abs() * weight.unsqueeze(1) / weight).sum(1).max().ToDouble();
                using PerSampleMap map = new(u => u.mm(matrix.T.to(dtype)));
                Assert.All(
                    Contraction.Measure(map, randn(3, size).to(dtype), norm: norm), measured => Assert.InRange(measured, 0.9 * exact, exact * (1 + error)));
            }
        }
    }

    [Fact]
    public void Samples_have_norms_of_their_own_and_a_coupled_map_has_one()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor scale = tensor(new double[,] { { 0.1 }, { 0.7 } });
        using PerSampleMap map = new((u, x) => u.flip(1) * x, scale);
        Assert.Equal([0.1, 0.7], Contraction.Measure(map, zeros(2, 3, ScalarType.Float64), norm: ResidualNorm.Max));
        using CoupledMap coupled = new(u => u.sum(0, keepdim: true).expand(2, 3) * 0.3);
        Assert.Equal(0.6, Assert.Single(Contraction.Measure(coupled, zeros(2, 3, ScalarType.Float64), norm: ResidualNorm.Max)), 1e-15);
        using PerSampleMap constant = new(u => ones_like(u));
        Assert.Equal([0, 0], Contraction.Measure(constant, zeros(2, 3), norm: ResidualNorm.Max));
        Assert.Empty(Contraction.Measure(map, zeros(0, 3, ScalarType.Float64), norm: ResidualNorm.Max));
    }

    [Fact]
    public void A_norm_from_outside_is_measured_by_how_much_vectors_are_stretched()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u * tensor(new[] { 0.2, -0.5, 0.1 }));
        Assert.All(Contraction.Measure(map, zeros(2, 3, ScalarType.Float64), norm: new SumNorm()), measured => Assert.Equal(0.5, measured, 1e-6));
    }

    [Fact]
    public void The_factors_of_a_contraction_are_measured_and_contradicted_in_its_own_norm()
    {
        using DisposeScope scope = NewDisposeScope();

        // 0.9 in the maximum norm, 1.8 in L2: every row is 0.9 of the first element, and there are four.
        using Column honest = new(0.9, 0.9), wrong = new(0.9, 0.8);
        Tensor q = randn(3, 4, ScalarType.Float64);
        ContractionReport report = Contraction.Report(honest, q, q);
        Assert.Equal(0.9, report.Measured, 1e-12);
        Assert.Equal(ResidualNorm.Max, report.Norm);
        Assert.False(report.IsContradicted);
        Assert.StartsWith("Contraction factor in the maximum norm: declared 0.9000,", report.ToString(), StringComparison.Ordinal);
        Assert.True(Contraction.Report(wrong, q, q).IsContradicted);
        Assert.Equal(ResidualNorm.L2, default(ContractionReport).Norm);
        using PerSampleMap map = new(u => u / 2);
        Assert.Equal(0.5, Contraction.Measure(map, q)[0], 1e-9);
    }

    [Fact]
    public void Bounds_of_gradients_take_no_factor_of_another_norm_than_L2()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using ImplicitNetwork network = new(nn.Linear(4, 4, dtype: ScalarType.Float64), new Column(0.9, 0.9), nn.Linear(4, 1, dtype: ScalarType.Float64));
        network.Stopping = new StoppingRule { MaxSteps = 1000 };
        Tensor data = randn(3, 4, ScalarType.Float64);
        GradientCertifier certifier = new() { ConditionSamples = 1 };
        GradientCertificate certificate = certifier.Compare(network, data, y => y.square().sum([1]), [new JacobianFreeGradient()])[0];

        // In L2 the Jacobian is 1.8 long: by the certified 0.9 all of these would be numbers, and wrong.
        Assert.Null(certificate.DirectionBound);
        Assert.All(certificate.Samples, sample =>
        {
            Assert.Equal(1.8, sample.Factor, 1e-6);
            Assert.Null(sample.LatentBound);
            Assert.Null(sample.DirectionBound);
        });
        Assert.Equal(1.8, certificate.Samples[0].Condition!.Value.Factor, 1e-6);
        Assert.NotEqual(true, certificate.Samples[0].Condition!.Value.Holds);
        Assert.Equal(0.9, certificate.Contraction.Measured, 1e-12);
        Assert.Equal(ResidualNorm.Max, certificate.Contraction.Norm);
        Assert.Contains("contraction 0.9000 at most in the maximum norm;", certificate.ToString(), StringComparison.Ordinal);
        SolveCertificate solve = Assert.Single(certificate.Solves);
        Assert.Equal(ResidualNorm.Max, solve.ErrorNorm);
        Assert.InRange(solve.ErrorBound!.Value, 0, 1e-5);
    }

    /// <summary><c>u -> size u_1 (1, ..., 1) + q</c>, which states a factor in the maximum norm.</summary>
    private sealed class Column(double size, double stated) : LatentOperator(nameof(Column)), IContraction
    {
        public double DeclaredFactor => stated;

        public ResidualNorm Norm => ResidualNorm.Max;

        public double CertifyFactor() => stated;

        public override FixedPointMap Bind(Tensor q) => new PerSampleMap((u, input) => (u.narrow(1, 0, 1) * size) + input, q)
        {
            ErrorBound = new(1 / (1 - stated), Norm),
        };

        public override Tensor StartingLatent(Tensor q) => zeros_like(q);
    }

    private sealed record SumNorm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => rows.abs().sum(1);
    }
}
