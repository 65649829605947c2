using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>A contraction whose fixed point moves by no more than q does.</summary>
public sealed class ReflectedOperatorTests : TensorTest
{
    private const int Size = 6;

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.9)]
    [InlineData(0.95)]
    public void Its_fixed_point_moves_by_no_more_than_q_and_it_contracts_by_gamma(double gamma)
    {
        random.manual_seed(21);
        for (int draw = 0; draw < 6; draw++)
        {
            using DisposeScope scope = NewDisposeScope();
            LatentActivation activation = (draw % 3) switch { 0 => LatentActivation.Tanh, 1 => LatentActivation.LeakyRelu(), _ => LatentActivation.LeakyRelu(0) };
            using ReflectedOperator latentOperator = new(new SkewLinear(Size, ScalarType.Float64), gamma, activation);
            Tensor q = randn([8, Size], ScalarType.Float64) * 3, other = q + (randn_like(q) * Math.Pow(10, -(draw % 4)));
            Tensor ratio = (Solved(latentOperator, q) - Solved(latentOperator, other)).norm(1) / (q - other).norm(1);
            Assert.InRange(ratio.max().ToDouble(), 0, 1 + 1e-8);

            Tensor u = randn_like(q), v = u + (randn_like(q) * Math.Pow(10, -(draw % 3)));
            Tensor shrunk = (latentOperator.call(u, q) - latentOperator.call(v, q)).norm(1) / (u - v).norm(1);
            Assert.InRange(shrunk.max().ToDouble(), 0.01 * gamma, latentOperator.CertifyFactor());
            Assert.InRange(latentOperator.CertifyFactor(), 0.97 * gamma, gamma);
        }
    }

    // Of units that are active u = (I - S)^-1 q and y = 2 u - q; those that are not have y = -q. The product with its transpose is I.
    [Fact]
    public void With_ReLU_its_jacobian_in_q_is_the_Cayley_transform_of_the_active_units_and_orthogonal()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(22);
        using ReflectedOperator latentOperator = new(new SkewLinear(Size, ScalarType.Float64), 0.8);
        Tensor q = randn([1, Size], ScalarType.Float64);
        Tensor y = Solved(latentOperator, q);
        Tensor active = (y + q).gt(1e-9).to(ScalarType.Float64).reshape(-1);
        Assert.InRange(active.sum().ToDouble(), 1, Size - 1);

        Tensor skew = Dense(latentOperator);
        Assert.True(skew.equal(-skew.t()).all().ToBoolean());
        Tensor masked = skew * active.unsqueeze(0) * active.unsqueeze(1), one = eye(Size, dtype: ScalarType.Float64);
        Tensor expected = (one + masked).mm(linalg.inv(one - masked)) - (2 * (1 - active).diag());
        Tensor step = one * 1e-6;
        Tensor differences = ((Solved(latentOperator, q + step) - Solved(latentOperator, q - step)) / 2e-6).t();
        Assert.InRange((differences - expected).abs().max().ToDouble(), 0, 1e-8);
        Assert.InRange((expected.mm(expected.t()) - one).abs().max().ToDouble(), 0, 1e-12);
        Assert.InRange(((y + q) / 2 - (((y + q) / 2).mm(skew.t()) + q).relu()).abs().max().ToDouble(), 0, 1e-11);
    }

    [Fact]
    public void The_exact_gradient_is_that_of_finite_differences_and_the_Jacobian_free_one_is_near_it()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(23);
        ReflectedOperator latentOperator = new(new SkewLinear(Size, ScalarType.Float64), 0.5);
        using ImplicitLayer layer = new(latentOperator) { Stopping = Tight, Gradient = new ImplicitGradient() };
        TorchSharp.Modules.Parameter weight = latentOperator.parameters().Single();
        Tensor q = randn([8, Size], ScalarType.Float64).requires_grad_(), probe = randn_like(q);
        Tensor Loss(Tensor at) => (layer.call(at) * probe).sum();
        Loss(q).backward();
        Tensor inWeight = weight.grad!.clone(), inQ = q.grad!.clone();
        Tensor direction = randn_like(weight), sideways = randn_like(q);
        double slope = inWeight.mul(direction).sum().ToDouble() + inQ.mul(sideways).sum().ToDouble();
        double Moved(double by)
        {
            using IDisposable noGraph = no_grad();
            weight.add_(direction, alpha: by);
            double loss = Loss(q + (sideways * by)).ToDouble();
            weight.add_(direction, alpha: -by);
            return loss;
        }

        Assert.Equal(slope, (Moved(1e-6) - Moved(-1e-6)) / 2e-6, 1e-6);
        weight.grad.zero_();
        layer.Gradient = new JacobianFreeGradient();
        Loss(q).backward();
        double cosine = (weight.grad.mul(inWeight).sum() / weight.grad.norm() / inWeight.norm()).ToDouble();
        Assert.InRange(cosine, 0.8, 0.99999);
    }

    [Fact]
    public void The_start_is_the_fixed_point_without_a_weight()
    {
        using DisposeScope scope = NewDisposeScope();
        using ReflectedOperator latentOperator = new(new SkewLinear(Size), 0.5);
        Tensor q = randn(3, Size);
        Assert.True(latentOperator.StartingLatent(q).equal(q.abs()).all().ToBoolean());
        using (no_grad())
        {
            latentOperator.parameters().Single().zero_();
        }

        Assert.True(latentOperator.call(randn(3, Size), q).equal(q.abs()).all().ToBoolean());
        Assert.Equal(0, latentOperator.CertifyFactor());
    }

    [Fact]
    public void A_skew_layer_is_skew_and_bounded_in_every_dtype_and_at_every_scale()
    {
        random.manual_seed(24);
        foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64])
        {
            foreach (double scale in (double[])[1e-6, 1, 1e3])
            {
                using DisposeScope scope = NewDisposeScope();
                using SkewLinear layer = new(7, dtype);
                using (no_grad())
                {
                    // A part that is symmetric, and counts for nothing, as large as the other.
                    layer.Weight.copy_(randn([7, 7], ScalarType.Float64) * scale);
                }

                Tensor weight = layer.NormalizedWeight().detach().to(ScalarType.Float64);
                Assert.True(weight.equal(-weight.t()).all().ToBoolean());
                double norm = linalg.svdvals(weight).max().ToDouble();
                Assert.InRange(layer.CertifyNorm(), norm, 1);
                Assert.True(scale < 1 || norm > 0.9, $"{dtype} {scale}: {norm}");
            }
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using SkewLinear layer = new(2);
        foreach (double gamma in (double[])[0, 1, -0.5, double.NaN])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new ReflectedOperator(layer, gamma));
        }

        Assert.Throws<ArgumentException>("activation", () => new ReflectedOperator(layer, 0.5, new Wavy()));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SkewLinear(0));
        Assert.Throws<ArgumentException>(() => new SkewLinear(2, ScalarType.Int32));
        using ReflectedOperator latentOperator = new(layer, 0.5);
        Assert.Throws<ArgumentException>("q", () => latentOperator.StartingLatent(zeros(1, 3)));
        Assert.Throws<ArgumentException>("q", () => latentOperator.Bind(zeros([1, 2], ScalarType.Float64)));
    }

    private static StoppingRule Tight => new() { RelativeTolerance = 1e-12, MaxSteps = 5000 };

    private static Tensor Solved(ReflectedOperator latentOperator, Tensor q)
    {
        using IDisposable noGraph = no_grad();
        using FixedPointMap map = latentOperator.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, latentOperator.StartingLatent(q), stopping: Tight);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        return solution.Latent.clone();
    }

    /// <summary>gamma S as it is applied: R of unit vectors without activation would be it; here by the weight itself.</summary>
    private static Tensor Dense(ReflectedOperator latentOperator)
    {
        using SkewLinear twin = new(Size, ScalarType.Float64);
        using IDisposable noGraph = no_grad();
        twin.Weight.copy_(latentOperator.parameters().Single());
        using Tensor weight = twin.NormalizedWeight();
        return weight * latentOperator.DeclaredFactor;
    }

    private sealed record Wavy : LatentActivation
    {
        public override Tensor Apply(Tensor x) => x.sin();
    }
}
