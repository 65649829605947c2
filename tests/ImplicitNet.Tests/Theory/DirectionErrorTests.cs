using ImplicitNet.Gradients;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Theory;

/// <summary>How the directions between JFB and the exact one approach it.</summary>
public sealed class DirectionErrorTests : TensorTest
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Neumann_approaches_the_exact_direction_at_the_rate_gamma(double gamma)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(61);
        LinearContraction any = new(LinearContraction.OfNorm(6, gamma), eye(6, dtype: ScalarType.Float64));

        // A scaled rotation shrinks every vector by gamma exactly: there the bound is attained at every k.
        (Tensor rotation, _) = linalg.qr(randn(6, 6, ScalarType.Float64));
        LinearContraction worst = new(rotation * gamma, eye(6, dtype: ScalarType.Float64));
        Tensor g = randn(6, ScalarType.Float64);
        for (int terms = 0; terms <= 12; terms++)
        {
            Assert.InRange(RelativeError(any, terms, g), 0, Math.Pow(gamma, terms + 1) + 1e-14);
            Assert.Equal(Math.Pow(gamma, terms + 1), RelativeError(worst, terms, g), 1e-12);
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.99)]
    [InlineData(3)]
    public void A_refined_direction_is_never_worse_than_that_of_JFB(double norm)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(62);
        for (int trial = 0; trial < 20; trial++)
        {
            LinearContraction system = new(LinearContraction.OfNorm(8, norm), eye(8, dtype: ScalarType.Float64));
            Tensor g = randn(8, ScalarType.Float64);
            double before = Residual(system, new JacobianFreeGradient(), g);
            foreach (int products in (int[])[0, 1, 2, 3, 5, 9])
            {
                double after = Residual(system, new RefinedGradient { Products = products }, g);
                Assert.True(after <= before * (1 + 1e-12), $"trial {trial}, {products} products: {after} after {before}");
                before = after;
            }
        }
    }

    private static double RelativeError(LinearContraction system, int terms, Tensor g)
    {
        Tensor exact = system.Exact(g);
        return ((system.Direction(new NeumannGradient { Terms = terms }, g) - exact).norm() / exact.norm()).ToDouble();
    }

    private static double Residual(LinearContraction system, AdjointGradient gradient, Tensor g)
    {
        Tensor w = system.Direction(gradient, g);
        return (g - w + system.Jacobian.t().mv(w)).norm().ToDouble();
    }
}
