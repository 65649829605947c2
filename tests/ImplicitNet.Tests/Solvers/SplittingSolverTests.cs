using ImplicitNet.LinearSolvers;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Operators.Monotone;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class SplittingSolverTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { RelativeTolerance = 1e-13, MaxSteps = 100_000 };

    // A resolvent by GMRES has a residual of 1e-12 itself.
    private static readonly StoppingRule AsTightAsGmres = Tight with { RelativeTolerance = 1e-11 };

    public static TheoryData<string, string, string> Family
    {
        get
        {
            TheoryData<string, string, string> cases = [];
            foreach (string kind in MonotoneCases.Kinds)
            {
                string[] activations = kind == "linear" ? ["identity", "relu", "leaky", "tanh"] : ["identity", "tanh"];
                foreach (string activation in activations)
                {
                    cases.Add(kind, activation, "forward-backward");
                    cases.Add(kind, activation, "peaceman-rachford");
                }
            }

            return cases;
        }
    }

    [Theory]
    [InlineData("forward-backward", 263)]
    [InlineData("peaceman-rachford", 43)]
    public void Two_skew_dimensions_take_the_steps_of_the_closed_form(string solver, int steps)
    {
        // I - W = [[1, -3], [3, 1]], u* = [[1, 3], [-3, 1]] q / 10: the error falls by 0.94868 and by 0.72076 a step.
        using DisposeScope scope = NewDisposeScope();
        using MonotoneOperator latentOperator = Skew(3);
        Tensor q = tensor(new double[,] { { 1, 2 } });
        Tensor truth = tensor(new double[,] { { 0.7, -0.1 } });
        using FixedPointMap map = latentOperator.Bind(q);
        int reached = 0;
        IterativeSolver own = MonotoneCases.Solver(solver);
        FixedPointSolver watched = WatchedSolver.Of(own, (step, latent, _) =>
        {
            if (reached == 0 && (latent - truth).norm().ToDouble() <= 1e-6 * truth.norm().ToDouble())
            {
                reached = step - 1;
            }
        });
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), watched, Tight);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.InRange((solution.Latent - truth).abs().max().ToDouble(), 0, 1e-9);
        Assert.InRange(reached, steps - 2, steps + 2);
    }

    [Fact]
    public void Alpha_and_factor_are_those_of_the_closed_form()
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneOperator latentOperator = Skew(3);
        using FixedPointMap map = latentOperator.Bind(zeros(1, 2, dtype: ScalarType.Float64));
        SplittingMap splitting = (SplittingMap)map;
        Assert.Equal(1, splitting.Monotonicity);
        Assert.InRange(splitting.LipschitzBound, Math.Sqrt(10), Math.Sqrt(10) * 1.005);
        Assert.InRange(splitting.Cocoercivity, 0.1 / 1.01, 0.1);
    }

    [Fact]
    public void Picard_diverges_where_both_splittings_converge()
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneOperator latentOperator = Skew(3);
        Tensor q = tensor(new double[,] { { 1, 2 } });
        using FixedPointMap map = latentOperator.Bind(q);
        using FixedPointSolution picard = FixedPoint.Solve(map, zeros_like(q), new PicardSolver(), new StoppingRule { MaxSteps = 1000 });
        Assert.NotEqual(SolveStatus.Converged, picard.Report.Samples[0].Status);
        using FixedPointSolution chosen = FixedPoint.Solve(map, zeros_like(q), stopping: Tight);
        Assert.True(chosen.Report.AllConverged, chosen.Report.ToString());
    }

    [Theory]
    [InlineData(0.2, false)]
    [InlineData(0.19, true)]
    public void A_step_that_is_too_large_is_refused(double alpha, bool isTaken)
    {
        // 2 m / L^2 = 0.2 where L is sqrt(10); the bound of L is up to half a percent above it.
        using DisposeScope scope = NewDisposeScope();
        using MonotoneOperator latentOperator = Skew(3);
        Tensor q = tensor(new double[,] { { 1, 2 } });
        using FixedPointMap map = latentOperator.Bind(q);
        ForwardBackwardSolver solver = new() { Alpha = alpha };
        if (isTaken)
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), solver, Tight);
            Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        }
        else
        {
            string message = Assert.Throws<ArgumentOutOfRangeException>(() => FixedPoint.Solve(map, zeros_like(q), solver)).Message;
            Assert.Contains("2 beta", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(1)]
    [InlineData(20)]
    public void Peaceman_Rachford_converges_for_every_alpha(double alpha)
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneOperator latentOperator = Skew(3);
        Tensor q = tensor(new double[,] { { 1, 2 } });
        using FixedPointMap map = latentOperator.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), new PeacemanRachfordSolver { Alpha = alpha }, Tight);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.InRange((solution.Latent - tensor(new double[,] { { 0.7, -0.1 } })).abs().max().ToDouble(), 0, 1e-9);
    }

    [Theory]
    [InlineData(0.3, 2.0)]
    [InlineData(1, 0.5)]
    public void One_dimension_with_relu_has_its_closed_form(double monotonicity, double a)
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneLinear layer = new(1, monotonicity, dtype: ScalarType.Float64);
        Write(layer.Symmetric, a);
        using MonotoneOperator latentOperator = new(layer);
        Tensor q = tensor(new double[,] { { 3 }, { -2 } }).requires_grad_();
        using FixedPointMap map = latentOperator.Bind(q);
        foreach (string name in (string[])["forward-backward", "peaceman-rachford"])
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), MonotoneCases.Solver(name), Tight);
            Assert.InRange(Math.Abs(solution.Latent[0, 0].ToDouble() - (3 / (monotonicity + (a * a)))), 0, 1e-9);
            Assert.Equal(0, solution.Latent[1, 0].ToDouble());
        }
    }

    [Theory]
    [MemberData(nameof(Family))]
    public void Every_layer_with_every_activation_is_solved(string kind, string activation, string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(21);
        using MonotoneLayer layer = MonotoneCases.Create(kind, kind == "pyramid" ? 1 : 0.5);
        long[] shape = MonotoneCases.Shape(kind);
        Tensor dense = MonotoneCases.Dense(layer, shape);
        using MonotoneOperator latentOperator = new(layer, MonotoneCases.Activation(activation));
        Tensor q = randn([2, .. shape], ScalarType.Float64) * 2;
        using FixedPointMap map = latentOperator.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), MonotoneCases.Solver(solver), RuleFor(kind));
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Tensor truth = activation == "identity"
            ? linalg.solve(eye(dense.shape[0], dtype: ScalarType.Float64) - dense, q.flatten(1).t()).t().reshape(q.shape)
            : MonotoneCases.Truth(dense, MonotoneCases.Activation(activation), q);
        Assert.InRange((solution.Latent - truth).abs().max().ToDouble(), 0, 1e-9);
        using FixedPointSolution rough = FixedPoint.Solve(
            map, zeros_like(q), MonotoneCases.Solver(solver), new StoppingRule { RelativeTolerance = 0.01, MaxSteps = 10_000 });
        foreach ((int sample, SampleReport report) in rough.Report.Samples.Index())
        {
            double distance = (rough.Latent[sample] - truth[sample]).norm().ToDouble();
            Assert.InRange(distance, report.ErrorBound!.Value / 1000, report.ErrorBound!.Value);
        }

        Tensor mapped = MonotoneCases.Activation(activation).Apply(dense.mm(truth.flatten(1).t()).t().reshape(q.shape) + q);
        Assert.InRange((mapped - truth).abs().max().ToDouble(), 0, 1e-11);
    }

    [Theory]
    [MemberData(nameof(Family))]
    public void Steps_are_at_most_those_of_the_theory_and_two(string kind, string activation, string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(22);
        using MonotoneLayer layer = MonotoneCases.Create(kind);
        using MonotoneOperator latentOperator = new(layer, MonotoneCases.Activation(activation));
        Tensor q = randn([1, .. MonotoneCases.Shape(kind)], ScalarType.Float64);
        using FixedPointMap map = latentOperator.Bind(q);
        SplittingMap splitting = (SplittingMap)map;
        using FixedPointSolution truth = FixedPoint.Solve(map, zeros_like(q), MonotoneCases.Solver(solver), RuleFor(kind));
        (double m, double beta) = (splitting.Monotonicity, splitting.Cocoercivity);
        double l = Math.Sqrt(m / beta);
        Assert.InRange(beta, m / splitting.LipschitzBound / splitting.LipschitzBound, 1 / m);
        double factor = solver == "forward-backward" ? Math.Sqrt(1 - (beta * m)) : Math.Sqrt((l - m) / (l + m));

        // Of z in Peaceman-Rachford's method, which is at most (1 + L) / m times as far from its limit as u is.
        double reach = solver == "forward-backward" ? 1 : (1 + splitting.LipschitzBound) / m;
        int most = (int)Math.Ceiling(Math.Log(1e-6 / reach) / Math.Log(factor));
        int reached = int.MaxValue;
        FixedPointSolver watched = WatchedSolver.Of(MonotoneCases.Solver(solver), (step, latent, _) =>
        {
            if (reached == int.MaxValue && (latent - truth.Latent).norm().ToDouble() <= 1e-6 * truth.Latent.norm().ToDouble())
            {
                reached = step - 1;
            }
        });
        using FixedPointSolution again = FixedPoint.Solve(map, zeros_like(q), watched, RuleFor(kind));
        Assert.InRange(reached, 1, most + 2);
    }

    [Theory]
    [MemberData(nameof(Family))]
    public void Both_backward_splittings_agree_with_the_dense_inverse(string kind, string activation, string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(23);
        using MonotoneLayer layer = MonotoneCases.Create(kind, kind == "pyramid" ? 1 : 0.5);
        long[] shape = MonotoneCases.Shape(kind);
        LatentActivation act = MonotoneCases.Activation(activation);
        using MonotoneOperator latentOperator = new(layer, act);
        Tensor q = randn([2, .. shape], ScalarType.Float64) * 2;
        using FixedPointMap map = latentOperator.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), new PeacemanRachfordSolver(), RuleFor(kind));
        Tensor dense = MonotoneCases.Dense(layer, shape);
        Tensor slopes = MonotoneCases.Slopes(layer, act, solution.Latent, q).flatten(1);
        Tensor g = randn_like(q).flatten(1);
        using Linearization linearization = new(map, solution.Latent, "");
        SplittingLinearSolver linear = new() { Solver = MonotoneCases.Solver(solver), MaxSteps = 100_000 };
        LinearTolerance[] tolerances = [new(1e-11), new(1e-11)];
        using LinearSolution forward = linear.Solve(linearization, g, tolerances);
        using TransposedOperator transposed = new(linearization);
        using LinearSolution backward = linear.Solve(transposed, g, tolerances);
        Assert.True(forward.AllConverged, forward.ToString());
        Assert.True(backward.AllConverged, backward.ToString());
        for (int sample = 0; sample < 2; sample++)
        {
            Tensor system = eye(dense.shape[0], dtype: ScalarType.Float64) - (slopes[sample].unsqueeze(1) * dense);
            Assert.InRange((linalg.solve(system, g[sample]) - forward.Vectors[sample]).abs().max().ToDouble(), 0, 1e-9);
            Assert.InRange((linalg.solve(system.t(), g[sample]) - backward.Vectors[sample]).abs().max().ToDouble(), 0, 1e-9);
        }
    }

    [Fact]
    public void A_map_that_is_no_splitting_is_refused_by_name()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => u * 0.5);
        string message = Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, ones(1, 2), new PeacemanRachfordSolver())).Message;
        Assert.Contains("SplittingMap", message, StringComparison.Ordinal);
        Assert.Contains("PeacemanRachfordSolver", message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, ones(1, 2), new ForwardBackwardSolver()));
        using Linearization linearization = new(map, ones(1, 2), "");
        Assert.Throws<ArgumentException>(() => new SplittingLinearSolver().Solve(linearization, ones(1, 2), [new(1e-3)]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_step_that_no_map_allows_is_refused(double alpha)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ForwardBackwardSolver { Alpha = alpha });
        Assert.Throws<ArgumentOutOfRangeException>(() => new PeacemanRachfordSolver { Alpha = alpha });
    }

    [Theory]
    [MemberData(nameof(Family))]
    public void A_solve_that_begins_at_its_fixed_point_takes_one_step(string kind, string activation, string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(24);
        using MonotoneLayer layer = MonotoneCases.Create(kind);
        using MonotoneOperator latentOperator = new(layer, MonotoneCases.Activation(activation));
        Tensor q = randn([2, .. MonotoneCases.Shape(kind)], ScalarType.Float64);
        using FixedPointMap map = latentOperator.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), MonotoneCases.Solver(solver), RuleFor(kind));
        using FixedPointSolution again = FixedPoint.Solve(map, solution.Latent, MonotoneCases.Solver(solver), new StoppingRule());
        Assert.All(again.Report.Samples, sample => Assert.Equal(1, sample.Steps));
    }

    [Theory]
    [MemberData(nameof(Family))]
    public void A_sample_is_solved_as_it_would_be_alone(string kind, string activation, string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(25);
        using MonotoneLayer layer = MonotoneCases.Create(kind);
        using MonotoneOperator latentOperator = new(layer, MonotoneCases.Activation(activation));
        Tensor q = randn([4, .. MonotoneCases.Shape(kind)], ScalarType.Float64);
        q[1] *= 100;
        q[2] = double.NaN;
        using FixedPointMap map = latentOperator.Bind(q);
        StoppingRule rule = new() { RelativeTolerance = 1e-9, MaxSteps = 10_000 };
        using FixedPointSolution together = FixedPoint.Solve(map, zeros_like(q), MonotoneCases.Solver(solver), rule);
        for (int sample = 0; sample < 4; sample++)
        {
            Tensor own = q[sample].unsqueeze(0);
            using FixedPointMap single = latentOperator.Bind(own);
            using FixedPointSolution alone = FixedPoint.Solve(single, zeros_like(own), MonotoneCases.Solver(solver), rule);
            Assert.Equal(sample == 2 ? SolveStatus.NonFinite : SolveStatus.Converged, together.Report.Samples[sample].Status);
            Assert.Equal(alone.Report.Samples[0].Status, together.Report.Samples[sample].Status);
            Assert.InRange(Math.Abs(alone.Report.Samples[0].Steps - together.Report.Samples[sample].Steps), 0, 1);
            double scale = 1 + alone.Latent.abs().max().ToDouble();
            Assert.InRange((alone.Latent[0] - together.Latent[sample]).abs().max().ToDouble() / scale, 0, 1e-10);
        }
    }

    private static StoppingRule RuleFor(string kind) => kind is "zeros" or "pyramid" ? AsTightAsGmres : Tight;

    private static MonotoneOperator Skew(double b)
    {
        MonotoneLinear layer = new(2, 1, dtype: ScalarType.Float64);
        Write(layer.Symmetric, 0, 0, 0, 0);
        Write(layer.Skew, 0, b, 0, 0);
        return new MonotoneOperator(layer, LatentActivation.LeakyRelu(1));
    }

    private static void Write(Tensor weight, params double[] values)
    {
        using IDisposable noGraph = no_grad();
        using Tensor written = tensor(values).reshape(weight.shape);
        weight.copy_(written);
    }
}
