using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>
/// u = tanh(a u + 0.3) at a = 0.5. The derivatives of u* in a, by differentiating the equation: the first, second and
/// third are functions of u* and a alone.
/// </summary>
public sealed class SecondDerivativeTests : TensorTest
{
    public static TheoryData<string> ExactModes => ["jfb", "neumann", "refined", "inverse reuse", "implicit", "unrolled", "two terms"];

    [Theory]
    [MemberData(nameof(ExactModes))]
    public void The_second_derivative_is_that_of_the_fixed_point(string gradient)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(0.5, ScalarType.Float64).requires_grad_();
        Tensor first = Derivative(Solved(a, gradient, out GradientReport report), a);
        Tensor second = Derivative(first, a, createGraph: false);
        report.ThrowIfFailed();
        Assert.Equal(0.668, second.ToDouble(), 5e-4);
        Assert.Equal(Analytic(0.5, 1e-4), second.ToDouble(), 1e-6);
    }

    [Fact]
    public void A_second_derivative_of_what_is_captured_is_refused_in_one_line_and_by_name_or_unrolled_right()
    {
        using DisposeScope scope = NewDisposeScope();
        SolveSettings exact = new() { Solver = new BroydenSolver(), Stopping = new StoppingRule { RelativeTolerance = 1e-13 }, Gradient = new ImplicitGradient { RelativeTolerance = 1e-13 } };
        Tensor w = tensor(0.5, ScalarType.Float64).requires_grad_();
        Tensor start = zeros(1, 1, ScalarType.Float64);
        double Second(Tensor u)
        {
            Tensor first = VectorProducts.TransposeProduct(u.sum(), w, ones(dtype: ScalarType.Float64, size: []), createGraph: true);
            return !first.requires_grad ? first.ToDouble() : VectorProducts.TransposeProduct(first, w, ones_like(first)).ToDouble();
        }

        // 1 / (1 - w) has the second derivative 2 / (1 - w)^3.
        using PerSampleMap named = new((u, inputs) => (u * inputs.Parameters!.Single()) + 1, new MapInputs { Parameters = [w] });
        Assert.Equal(16, Second(Implicit.Solve(named, start, exact)), 1e-8);
        Assert.Equal(16, Second(Implicit.Solve(u => (u * w) + 1, start, exact with { Gradient = new UnrolledGradient { Steps = 80 } })), 1e-8);
        Assert.Equal(double.NaN, Second(Implicit.Solve(u => (u * w) + 1, start, exact)));
        string told = Assert.Throws<InvalidOperationException>(() => Implicit.Solve(u => (u * w) + 1, start, exact)).Message;
        Assert.Contains("Say them in its MapInputs", told, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', told);
        Implicit.Solve(u => (u * w) + 1, start, exact).Dispose();
    }

    [Fact]
    public void The_third_is_that_of_the_fixed_point_when_unrolled()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(0.5, ScalarType.Float64).requires_grad_();
        Tensor second = Derivative(Derivative(Solved(a, "unrolled", out _), a), a);
        double third = Derivative(second, a, createGraph: false).ToDouble();
        Assert.Equal((Second(0.5 + 1e-4) - Second(0.5 - 1e-4)) / 2e-4, third, 1e-5);
    }

    [Fact]
    public void A_phantom_has_the_second_derivative_of_its_own_steps()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(0.5, ScalarType.Float64).requires_grad_();
        Tensor first = Derivative(Solved(a, "phantom", out _), a);
        double second = Derivative(first, a, createGraph: false).ToDouble();
        double start = FixedPointAt(0.5);
        Assert.Equal((Steps(0.5 + 1e-4) - (2 * Steps(0.5)) + Steps(0.5 - 1e-4)) / 1e-8, second, 1e-6);

        double Steps(double value)
        {
            double u = start;
            for (int i = 0; i < 5; i++)
            {
                u = (Math.Tanh((value * u) + 0.3) + u) / 2;
            }

            return u;
        }
    }

    [Fact]
    public void The_graph_of_a_second_derivative_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(0.5, ScalarType.Float64).requires_grad_();
        Tensor first = Derivative(Solved(a, "implicit", out GradientReport report), a);
        report.ThrowIfFailed();
        Assert.True(double.IsNaN(Derivative(first, a).ToDouble()));
        Assert.Contains("second", Assert.Throws<InvalidOperationException>(report.ThrowIfFailed).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_that_hides_its_parameters_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(0.5, ScalarType.Float64).requires_grad_();
        using PerSampleMap map = new(u => ((u * a) + 0.3).tanh());
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, 1, ScalarType.Float64));
        GradientReport report = new();
        Tensor latent = new JacobianFreeGradient().Attach(map, solution, report).sum();
        Assert.True(double.IsNaN(Derivative(latent, a).ToDouble()));
        Assert.Contains("parameters", Assert.Throws<InvalidOperationException>(report.ThrowIfFailed).Message, StringComparison.Ordinal);
    }

    private static double Second(double value)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(value, ScalarType.Float64).requires_grad_();
        return Derivative(Derivative(Solved(a, "implicit", out _), a), a, createGraph: false).ToDouble();
    }

    private static Tensor Derivative(Tensor value, Tensor a, bool createGraph = true) =>
        VectorProducts.TransposeProduct(value, a, ones_like(value), createGraph);

    private static Tensor Solved(Tensor a, string gradient, out GradientReport report)
    {
        using PerSampleMap map = new((u, inputs) => ((u * inputs.Shared[0]) + 0.3).tanh(), new MapInputs { Shared = [a.alias()], Parameters = [] });
        BroydenSolver solver = new() { KeepInverse = true };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, 1, ScalarType.Float64), solver, new StoppingRule { AbsoluteTolerance = 1e-14 });
        report = new GradientReport();
        return GradientCases.Get(gradient).Attach(map, solution, report).sum();
    }

    /// <summary>Central difference of the second order of u*(a), u* by 500 Picard steps.</summary>
    private static double Analytic(double a, double step) => (FixedPointAt(a + step) - (2 * FixedPointAt(a)) + FixedPointAt(a - step)) / (step * step);

    private static double FixedPointAt(double a)
    {
        double u = 0;
        for (int i = 0; i < 500; i++)
        {
            u = Math.Tanh((a * u) + 0.3);
        }

        return u;
    }
}
