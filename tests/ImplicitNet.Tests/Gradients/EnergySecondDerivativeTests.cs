using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>Second derivatives of the minimum of an energy, which are made of its third and fourth.</summary>
public sealed class EnergySecondDerivativeTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-13, RelativeTolerance = 0, MaxSteps = 2000 };

    public static TheoryData<string> Modes => ["jfb", "by cg", "by gmres", "unrolled"];

    [Theory]
    [MemberData(nameof(Modes))]
    public void Second_derivatives_are_those_of_the_minimum(string mode)
    {
        // A hundred and twenty steps are eleven segments; the pass of each of the ten that are nodes goes through those before it.
        HandlesOfNothing = mode == "unrolled" ? 45 : 0;
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(22);
        using EnergyOperator energy = new(new ConvexEnergy(6, 9), 0.7);
        Tensor q = (randn([4, 6], ScalarType.Float64) * 2).requires_grad_();
        FixedPointGradient gradient = mode switch
        {
            "by cg" => new ImplicitGradient { Solver = new ConjugateGradientSolver(), RelativeTolerance = 1e-13 },
            "by gmres" => new ImplicitGradient { RelativeTolerance = 1e-13 },
            "unrolled" => new UnrolledGradient { Steps = 120 },
            _ => new JacobianFreeGradient(),
        };
        Tensor along = randn_like(q.detach());
        GradientReport report = new();
        Tensor first = Slope(energy, q, gradient, report, createGraph: true);
        Tensor second = VectorProducts.TransposeProduct((first * along).sum(), q, tensor(1.0, ScalarType.Float64));
        report.ThrowIfFailed();
        Tensor central = (At(1e-5) - At(-1e-5)) / 2e-5;
        Assert.True((second - central).abs().max().ToDouble() < 1e-7);

        Tensor At(double length)
        {
            Tensor moved = (q.detach() + (along * length)).requires_grad_();
            return Slope(energy, moved, new ImplicitGradient { RelativeTolerance = 1e-13 }, new GradientReport(), createGraph: false);
        }
    }

    private static Tensor Slope(EnergyOperator energy, Tensor q, FixedPointGradient gradient, GradientReport report, bool createGraph)
    {
        using FixedPointMap map = energy.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, energy.StartingLatent(q), stopping: Tight);
        Tensor u = gradient.Attach(map, solution, report);
        return VectorProducts.TransposeProduct(u.pow(4).sum() + u.sin().sum(), q, tensor(1.0, ScalarType.Float64), createGraph);
    }
}
