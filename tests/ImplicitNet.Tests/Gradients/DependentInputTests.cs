using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>
/// Inputs that depend on the parameters that R computes with, and on each other: <c>u = tanh(a u + a x + p)</c>, p = (a x)^2 / 2. What is
/// reached by several ways counts once for each, also in a pass whose own graph is asked for.
/// </summary>
public sealed class DependentInputTests : TensorTest
{
    private static readonly double[] Data = [0.3, -0.2];

    public static TheoryData<string, bool> Cases => new(
        from mode in (string[])["jfb", "neumann", "refined", "inverse reuse", "implicit", "unrolled", "two terms"]
        from isPerSample in (bool[])[true, false]
        select (mode, isPerSample));

    [Theory]
    [MemberData(nameof(Cases))]
    public void First_and_second_derivatives_are_those_of_the_fixed_point(string mode, bool isPerSample)
    {
        // Forty steps are six segments; the pass of each of the five that are nodes goes through those before it.
        HandlesOfNothing = mode == "unrolled" ? 10 : 0;
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(0.5, ScalarType.Float64).requires_grad_();
        Tensor q = tensor(Data).unsqueeze(1) * a, p = q.square() / 2;
        Tensor Function(Tensor u, MapInputs inputs) => ((u * a) + inputs.PerSample[0] + inputs.PerSample[1]).tanh();
        MapInputs inputs = new() { PerSample = [q, p], Parameters = [a] };
        using FixedPointMap map = isPerSample ? new PerSampleMap(Function, inputs) : new CoupledMap(Function, inputs);
        BroydenSolver solver = new() { KeepInverse = true };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), solver, new StoppingRule { AbsoluteTolerance = 1e-14 });
        GradientReport report = new();
        Tensor loss = GradientCases.Get(mode).Attach(map, solution, report).square().sum();
        Tensor first = VectorProducts.TransposeProduct(loss, a, ones_like(loss), createGraph: true);
        Tensor second = VectorProducts.TransposeProduct(first, a, ones_like(first));
        report.ThrowIfFailed();
        Assert.Equal((LossAt(0.5 + 1e-5) - LossAt(0.5 - 1e-5)) / 2e-5, first.ToDouble(), 1e-9);
        Assert.Equal((LossAt(0.5 + 1e-4) - (2 * LossAt(0.5)) + LossAt(0.5 - 1e-4)) / 1e-8, second.ToDouble(), 1e-6);
    }

    /// <summary>In plain C#, by 400 steps.</summary>
    private static double LossAt(double a) => Data.Sum(x =>
    {
        double u = 0;
        for (int step = 0; step < 400; step++)
        {
            u = Math.Tanh((a * u) + (a * x) + (a * x * a * x / 2));
        }

        return u * u;
    });
}
