using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Theory;

/// <summary>When JFB descends: Theorem 0.2 of Wu Fung et al. (AAAI 2022) and the sharp form of its condition.</summary>
public sealed class JacobianFreeDescentTests : TensorTest
{
    private const int Trials = 40;

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.99)]
    public void The_inverse_is_coercive_by_one_over_one_plus_gamma(double gamma)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(51);
        for (int trial = 0; trial < Trials; trial++)
        {
            long size = 2 + (trial % 6);
            Tensor inverse = linalg.inv(eye(size, dtype: ScalarType.Float64) - LinearContraction.OfNorm(size, gamma));
            Assert.True(SmallestOfSymmetricPart(inverse) >= (1 / (1 + gamma)) - 1e-12, $"trial {trial}");
        }

        // Attained: J = -gamma I.
        Tensor attained = linalg.inv(eye(3, dtype: ScalarType.Float64) * (1 + gamma));
        Assert.Equal(1 / (1 + gamma), SmallestOfSymmetricPart(attained), 1e-12);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Below_the_condition_of_the_theorem_and_up_to_the_sharp_limit_it_descends_for_every_loss(double gamma)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(52);
        foreach (double kappa in (double[])[1 / gamma, 0.98 * DescentCondition.LimitAt(gamma)])
        {
            for (int trial = 0; trial < Trials; trial++)
            {
                long size = 2 + (trial % 4);
                Tensor jacobian = LinearContraction.OfNorm(size, gamma);
                Tensor gram = LinearContraction.OfCondition(size, kappa);

                // exact . JFB = g^T (I - J)^-1 M M^T g, for every g.
                double smallest = SmallestOfSymmetricPart(linalg.inv(eye(size, dtype: ScalarType.Float64) - jacobian).mm(gram));
                Assert.True(smallest > 0, $"gamma {gamma}, kappa {kappa}, trial {trial}: {smallest}");
            }
        }
    }

    [Theory]
    [InlineData(0.1, 398)]
    [InlineData(0.5, 13.93)]
    [InlineData(0.9, 2.545)]
    public void The_limit_is_sharp(double gamma, double limit)
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(limit, DescentCondition.LimitAt(gamma), 5e-4 * limit);
        Assert.InRange(Product(gamma, 0.98 * DescentCondition.LimitAt(gamma)), 1e-9, double.PositiveInfinity);
        Assert.InRange(Product(gamma, 1.02 * DescentCondition.LimitAt(gamma)), double.NegativeInfinity, -1e-9);
        Assert.Equal(0, Product(gamma, DescentCondition.LimitAt(gamma)), 1e-9);
    }

    [Fact]
    public void The_limit_has_its_edges()
    {
        Assert.Equal(double.PositiveInfinity, DescentCondition.LimitAt(0));
        Assert.Equal(1, DescentCondition.LimitAt(1));
        Assert.Equal(1, DescentCondition.LimitAt(3));
        Assert.Equal(double.NaN, DescentCondition.LimitAt(double.NaN));
    }

    /// <summary>
    /// The cosine of JFB and the exact gradient on the worst system of two dimensions: <c>M M^T = diag(kappa, 1)</c>; w where it and
    /// M M^T w are furthest apart (Kantorovich); J^T takes w as far along M M^T w as gamma allows.
    /// </summary>
    private static double Product(double gamma, double kappa)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor gram = diag(tensor([kappa, 1]));
        Tensor w = tensor([1, Math.Sqrt(kappa)]);
        Tensor image = gram.mv(w);
        Tensor transposed = outer(image / image.norm(), w / w.norm()) * gamma;
        LinearContraction system = new(transposed.t(), gram.sqrt());
        Tensor g = w - transposed.mv(w);
        Tensor jacobianFree = system.ParameterGradient(new JacobianFreeGradient(), g);
        Tensor exact = system.ParameterGradient(new ImplicitGradient { RelativeTolerance = 1e-13 }, g);
        return jacobianFree.dot(exact).ToDouble() / (jacobianFree.norm() * exact.norm()).ToDouble();
    }

    private static double SmallestOfSymmetricPart(Tensor matrix) => linalg.eigvalsh((matrix + matrix.t()) / 2)[0].ToDouble();
}
