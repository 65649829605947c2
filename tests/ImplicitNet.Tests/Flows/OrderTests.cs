using ImplicitNet.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

/// <summary>Halving the steps makes the error 2^p times smaller.</summary>
public sealed class OrderTests : TensorTest
{
    public static TheoryData<string> Names => Tableaux.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void The_error_on_a_linear_system_falls_with_the_order(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);

        // Many starts: a single one may meet a zero of the leading error.
        Tensor matrix = randn(10, 10, ScalarType.Float64) * 0.5, start = randn(20, 10, ScalarType.Float64);
        Tensor exact = start.mm(matrix_exp(matrix * 4));
        using PerSampleField field = new((_, u) => u.mm(matrix));
        AssertSlope(name, Tableaux.Of(name).Order, steps => ((End(field, start, name, steps, 4) - exact).norm() / exact.norm()).ToDouble());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_error_on_a_problem_that_depends_on_time_falls_with_the_order(string name)
    {
        // u = exp(sin 2t), and v = 1 / (1 + t^2).
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new(
            (t, u) => stack([u[.., 0] * (2 * t).cos() * 2, u[.., 1].square() * t * -2], 1));
        Tensor start = ones(1, 2, ScalarType.Float64), exact = tensor(new[] { Math.Exp(Math.Sin(6)), 0.1 }, [1, 2]);
        AssertSlope(name, Tableaux.Of(name).Order, steps => (End(field, start, name, steps, 3) - exact).norm().ToDouble());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_error_between_steps_falls_with_the_order_of_the_interpolant(string name)
    {
        ButcherTableau tableau = Tableaux.Of(name);

        // One step: what is off within it is of the interpolant's order and one more.
        AssertSlope(name, tableau.InterpolationOrder + 1, steps => Between(tableau, [0, 0.21, 0.43, 0.77, 1], 8.0 / steps, 1));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_error_at_times_asked_for_falls_with_the_order_over_many_steps(string name)
    {
        ButcherTableau tableau = Tableaux.Of(name);
        AssertSlope(
            name, Math.Min(tableau.Order, tableau.InterpolationOrder + 1),
            steps => Between(tableau, [.. Enumerable.Range(0, 60).Select(place => place * 0.0677)], 1, steps));
    }

    /// <summary>The root mean square error of u' = u cos t at some times after each of 20 starts.</summary>
    private static double Between(ButcherTableau tableau, double[] times, double scale, int steps)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => u * t.cos().unsqueeze(1));
        Tensor starts = linspace(0, 6, 20, ScalarType.Float64).unsqueeze(1);
        Tensor asked = starts + (tensor(times) * scale).unsqueeze(0);
        using FlowSolution flow = Flow.Solve(
            field, ones(20, 1, ScalarType.Float64), FlowTimes.Of(asked), new ExplicitRungeKutta(tableau), new FixedSteps(steps));
        Tensor exact = (asked.sin() - starts.sin()).exp();
        return (flow.States.squeeze(2).t() - exact).square().mean().sqrt().ToDouble();
    }

    private static Tensor End(VectorField field, Tensor start, string name, int steps, double time)
    {
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(0, time), new ExplicitRungeKutta(Tableaux.Of(name)), new FixedSteps(steps));
        return flow.State.clone();
    }

    /// <summary>The slope between the last two errors that are above rounding.</summary>
    private static void AssertSlope(string name, int order, Func<int, double> error)
    {
        List<double> errors = [];
        for (int steps = 16; steps <= 8192 && (errors.Count == 0 || errors[^1] > 1e-13 * Math.Pow(2, order)); steps *= 2)
        {
            errors.Add(error(steps));
        }

        double slope = Math.Log2(errors[^2] / errors[^1]);
        Assert.True(Math.Abs(slope - order) <= 0.2, $"{name}: slope {slope:0.00}, order {order}: {string.Join(" ", errors)}");
    }
}
