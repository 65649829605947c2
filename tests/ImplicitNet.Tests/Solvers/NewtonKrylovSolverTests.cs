using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class NewtonKrylovSolverTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-12 };

    [Fact]
    public void The_defaults_are_pinned_and_bad_options_refused()
    {
        NewtonKrylovSolver solver = new();
        Assert.Equal(new GmresSolver(), solver.LinearSolver);
        Assert.Equal(new DoubleBackwardProduct(), solver.Product);
        Assert.Equal(new LineSearch(), solver.LineSearch);
        Assert.Equal((2, 1), (solver.GrowthLimit, solver.Damping));
        Assert.Null(new FiniteDifferenceProduct().RelativeStep);
        ForcingTerm forcing = solver.Forcing;
        Assert.Equal((0.3, 0.3, 0.9, 2), (forcing.Initial, forcing.Maximum, forcing.Factor, forcing.Exponent));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NewtonKrylovSolver { Damping = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new NewtonKrylovSolver { GrowthLimit = 0 });
        Assert.Throws<ArgumentNullException>(() => new NewtonKrylovSolver { LinearSolver = null! });
        Assert.Throws<ArgumentNullException>(() => new NewtonKrylovSolver { Product = null! });
        Assert.Throws<ArgumentNullException>(() => new NewtonKrylovSolver { Forcing = null! });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FiniteDifferenceProduct { RelativeStep = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ForcingTerm { Initial = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ForcingTerm { Maximum = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ForcingTerm { Factor = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ForcingTerm { Exponent = 1 });
    }

    [Fact]
    public void Convergence_is_superlinear_with_exact_products()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        Tensor weight = randn([20, 20], ScalarType.Float64) * 0.15;
        using PerSampleMap map = new((u, q) => u.mm(weight).tanh() + q, randn([8, 20], ScalarType.Float64));
        ResidualTrace trace = new();
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(8, 20, ScalarType.Float64), new NewtonKrylovSolver(), Tight, trace);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.All(trace.Samples, sample => Assert.True(sample[^1].Residual < 1e-3 * sample[^2].Residual));
    }

    [Fact]
    public void One_sample_pays_one_evaluation_a_step_one_a_linearization_and_one_a_product()
    {
        // Affine in one dimension: the start, a linearization, one product, and the new iterate, which is the answer.
        using DisposeScope scope = NewDisposeScope();
        int calls = 0;
        using PerSampleMap map = new(u =>
        {
            calls++;
            return u * 0.5 + 1;
        });
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, 1, ScalarType.Float64), new NewtonKrylovSolver(), Tight);
        Assert.Equal(2, solution.Report.MaxSteps);
        Assert.Equal(3, calls);
        Assert.Equal(4, solution.Report.Evaluations);

        using FixedPointSolution differences = FixedPoint.Solve(
            map, zeros(1, 1, ScalarType.Float64), new NewtonKrylovSolver { Product = new FiniteDifferenceProduct() }, new StoppingRule { AbsoluteTolerance = 1e-6 });
        Assert.Equal(3, differences.Report.Evaluations);
    }

    public static TheoryData<string> CutGraphs => ["detached", "without gradients", "unmoved by a shift"];

    [Theory]
    [MemberData(nameof(CutGraphs))]
    public void A_map_that_cuts_the_graph_is_refused_and_solved_by_differences(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u =>
        {
            using IDisposable mode = set_grad_enabled(is_grad_enabled() && name != "without gradients");
            return name switch
            {
                "without gradients" => (u * 3) - 1,
                "unmoved by a shift" => (u.detach() - u.detach().mean([1], keepdim: true)) * 0.5 + 0.5,
                _ => (u.detach() * 3) - 1,
            };
        });
        Tensor start = tensor(new double[,] { { 0, 1, 2 }, { 3, 4, 6 } });
        InvalidOperationException refused = Assert.ThrowsAny<InvalidOperationException>(() => FixedPoint.Solve(map, start, new NewtonKrylovSolver(), Tight));
        Assert.Contains("new FiniteDifferenceProduct()", refused.Message, StringComparison.Ordinal);
        using FixedPointSolution solved = FixedPoint.Solve(map, start, new NewtonKrylovSolver { Product = new FiniteDifferenceProduct() }, Tight);
        Assert.True(solved.Report.AllConverged);
        Assert.All(solved.Latent.data<double>(), value => Assert.Equal(0.5, value, 1e-10));
    }

    [Fact]
    public void A_map_that_is_constant_in_pieces_has_the_jacobian_zero_and_no_graph()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((u, c) => (u * 0.25 + c).round(), tensor(new double[,] { { 1.2 }, { double.NaN }, { 5.7 } }));
        using FixedPointSolution solution = FixedPoint.Solve(map, full([3, 2], 0.9, ScalarType.Float64), new NewtonKrylovSolver(), Tight);
        Assert.Equal(SolveStatus.NonFinite, solution.Report.Samples[1].Status);
        Assert.Equal((1.0, 7.0), (solution.Latent[0, 0].ToDouble(), solution.Latent[2, 1].ToDouble()));
        Assert.Equal(2, solution.Report.Count(SolveStatus.Converged));
    }

    [Fact]
    public void A_constant_map_is_solved_in_two_steps()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((_, c) => c, full([2, 3], 4.0, ScalarType.Float64));
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 3, ScalarType.Float64), new NewtonKrylovSolver());
        Assert.Equal(2, solution.Report.MaxSteps);
        Assert.Equal(24, solution.Latent.sum().ToDouble(), 1e-9);
    }

    [Fact]
    public void A_singular_jacobian_at_the_start_returns_numbers()
    {
        // I - J is zero at 0: no product says anything, and the Picard step leads away from there.
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u - (u.pow(3) - 1) * 0.1);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, 2, ScalarType.Float64), new NewtonKrylovSolver(), Tight);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.All(solution.Latent.data<double>(), value => Assert.Equal(1, value, 1e-10));
    }

    [Fact]
    public void Weights_that_are_trained_gain_no_gradient_and_no_graph_is_left()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = full([1], 0.5, ScalarType.Float64).requires_grad_();
        using PerSampleMap map = new(u => (u * weight).tanh() + 1);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 3, ScalarType.Float64), new NewtonKrylovSolver(), Tight);
        Assert.True(solution.Report.AllConverged);
        Assert.False(solution.Latent.requires_grad);
        Assert.True(weight.grad is null);
    }

    [Fact]
    public void The_forcing_term_follows_the_residual_with_the_safeguard_of_its_authors()
    {
        ForcingTerm forcing = new() { Initial = 0.5, Maximum = 0.9 };
        Assert.Equal(0.9 * 0.25, forcing.Next(0.5, 1, 0.1), 1e-12);
        Assert.Equal(0.9 * 1e-4, forcing.Next(0.1, 1, 0.01), 1e-12);
        Assert.Equal(0.9, forcing.Next(0.1, 1, 5));
        Assert.Equal(0.9, forcing.Next(0.1, double.NaN, double.NaN));
    }
}

public sealed class GraphOfWeightsAloneTests : TensorTest
{
    [Fact]
    public void A_graph_that_leads_to_the_weights_alone_is_refused_too()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = full([1], 3.0, ScalarType.Float64).requires_grad_();
        using PerSampleMap map = new(u => (u.detach() * weight) - 1);
        Assert.ThrowsAny<InvalidOperationException>(() => FixedPoint.Solve(map, zeros(2, 3, ScalarType.Float64), new NewtonKrylovSolver()));
    }
}
