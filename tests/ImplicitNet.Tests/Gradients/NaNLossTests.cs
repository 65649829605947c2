using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>A loss that is not finite for one sample: that comes out as NaN for that sample, and for no other.</summary>
public sealed class NaNLossTests : TensorTest
{
    private static readonly Dictionary<string, FixedPointGradient> Gradients = new()
    {
        ["jfb"] = new JacobianFreeGradient(),
        ["neumann"] = new NeumannGradient(),
        ["phantom"] = new PhantomGradient(),
        ["unrolled"] = new UnrolledGradient(),
        ["inverse reuse"] = new InverseReuseGradient(),
        ["inverse reuse, refined"] = new InverseReuseGradient { Products = 4 },
        ["refined"] = new RefinedGradient(),
        ["refined by bicgstab"] = new RefinedGradient { Solver = new BicgstabSolver() },
        ["exact by gmres"] = new ImplicitGradient(),
        ["exact by bicgstab"] = new ImplicitGradient { Solver = new BicgstabSolver() },
        ["exact by cg"] = new ImplicitGradient { Solver = new ConjugateGradientSolver() },
        ["exact by cgnr"] = new ImplicitGradient { Solver = new CgnrSolver() },
        ["exact by picard"] = new ImplicitGradient { Solver = new FixedPointLinearSolver() },
        ["exact by anderson"] = new ImplicitGradient { Solver = new FixedPointLinearSolver { Solver = new AndersonSolver() } },
    };

    public static TheoryData<string> Names => [.. Gradients.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_loss_that_is_not_finite_gives_its_sample_NaN_and_the_others_what_they_have_alone(string name)
    {
        foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using DisposeScope scope = NewDisposeScope();
            random.manual_seed(6);
            Tensor weight = (randn(5, 5, dtype) * 0.2).requires_grad_();
            Tensor input = randn(4, 5, dtype);
            Tensor sound = Gradient(name, weight, input, [1, 1, 1, 1], out Tensor soundWeight);
            Assert.True(soundWeight.isfinite().all().ToBoolean());
            foreach (double bad in new[] { double.NaN, double.PositiveInfinity })
            {
                Tensor found = Gradient(name, weight, input, [1, bad, 1, 1], out Tensor weightGradient);
                Assert.False(found[1].isfinite().any().ToBoolean());
                Assert.False(weightGradient.isfinite().any().ToBoolean());
                foreach (int sample in new[] { 0, 2, 3 })
                {
                    Assert.True(found[sample].allclose(sound[sample], 1e-5, 1e-6), $"{dtype}, sample {sample}");
                }
            }
        }
    }

    [Fact]
    public void A_map_whose_derivative_is_NaN_gives_NaN()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = tensor(new double[,] { { 0 }, { 1 } }).requires_grad_();

        // The root has no derivative at 0, and its square is 0 there: 0 times infinity.
        using PerSampleMap map = new(
            (u, inputs) => ((u - u.detach()).abs().sqrt().square() * 0.5) + inputs.PerSample[0], new MapInputs { PerSample = [q], Parameters = [] });
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 1, ScalarType.Float64));
        new ImplicitGradient().Attach(map, solution).sum().backward();
        Assert.True(q.grad!.isnan().all().ToBoolean());
    }

    private static Tensor Gradient(string name, Tensor weight, Tensor input, double[] factors, out Tensor weightGradient)
    {
        Tensor q = input.detach().requires_grad_();
        using PerSampleMap map = new(
            (u, inputs) => name == "exact by cg"
                ? inputs.PerSample[0] - u.mm(inputs.Shared[0]).tanh().mm(inputs.Shared[0].t())
                : (u.mm(inputs.Shared[0]) + inputs.PerSample[0]).tanh(),
            new MapInputs { PerSample = [q], Shared = [weight.alias()], Parameters = [] });
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q.detach()), new BroydenSolver { KeepInverse = true });
        Tensor losses = Gradients[name].Attach(map, solution).square().sum(1);
        (losses * tensor(factors, dtype: q.dtype)).sum().backward();
        weightGradient = weight.grad!.clone();
        weight.grad = null;
        return q.grad!;
    }
}
