using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Operators.Monotone;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Splittings of no samples, of weights that nothing bounds, and of maps and activations that are used in unusual ways.</summary>
public sealed class SplittingEdgeCaseTests : TensorTest
{
    [Theory]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void What_resolvents_cost_is_counted_for_each_solve_also_where_the_map_had_another_step_before(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(26);
        using MonotoneOperator latentOperator = new(MonotoneCases.Create(kind));
        Tensor q = randn([2, .. MonotoneCases.Shape(kind)], ScalarType.Float64);
        using FixedPointMap map = latentOperator.Bind(q);
        StoppingRule rule = new() { RelativeTolerance = 1e-6, MaxSteps = 10_000 };
        foreach (double alpha in (double[])[0.3, 0.1, 0.3])
        {
            PeacemanRachfordSolver solver = new() { Alpha = alpha };
            using FixedPointSolution again = FixedPoint.Solve(map, zeros_like(q), solver, rule);
            using FixedPointMap fresh = latentOperator.Bind(q);
            using FixedPointSolution first = FixedPoint.Solve(fresh, zeros_like(q), solver, rule);
            Assert.Equal(first.Report.Evaluations, again.Report.Evaluations);
        }
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("circular")]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void An_activation_that_returns_what_it_was_given_is_solved_at_alpha_1(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(27);
        using MonotoneLayer layer = MonotoneCases.Create(kind);
        long[] shape = MonotoneCases.Shape(kind);
        Tensor dense = MonotoneCases.Dense(layer, shape);
        using MonotoneOperator latentOperator = new(layer, new Itself());
        Tensor q = randn([3, .. shape], ScalarType.Float64);
        q[1] *= 100;
        using FixedPointMap map = latentOperator.Bind(q);
        StoppingRule rule = new() { RelativeTolerance = 1e-10, MaxSteps = 10_000 };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), new PeacemanRachfordSolver { Alpha = 1 }, rule);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Tensor truth = linalg.solve(eye(dense.shape[0], dtype: ScalarType.Float64) - dense, q.flatten(1).t()).t().reshape(q.shape);
        Assert.InRange((solution.Latent - truth).abs().max().ToDouble(), 0, 1e-7);
    }

    [Theory]
    [InlineData(ScalarType.Float32, double.NaN)]
    [InlineData(ScalarType.Float32, double.PositiveInfinity)]
    [InlineData(ScalarType.Float32, 1e25)]
    [InlineData(ScalarType.Float64, double.NaN)]
    [InlineData(ScalarType.Float64, 1e100)]
    [InlineData(ScalarType.Float64, 1e200)]
    public void Weights_that_nothing_bounds_end_in_a_status_and_throw_nothing(ScalarType dtype, double weight)
    {
        // Many thousand small operations: two threads, beside other work, would mostly wait for each other.
        int threads = get_num_threads();
        ThreadCount.Set(1);
        foreach (string kind in MonotoneCases.Kinds)
        {
            foreach (string solver in (string[])["forward-backward", "peaceman-rachford"])
            {
                using DisposeScope scope = NewDisposeScope();
                random.manual_seed(28);
                using MonotoneLayer layer = MonotoneCases.Create(kind, dtype: dtype);
                using (no_grad())
                {
                    layer.Weight.fill_(weight);
                }

                using ImplicitLayer network = new(new MonotoneOperator(layer, MonotoneCases.Activation("tanh")))
                {
                    Solver = MonotoneCases.Solver(solver),
                    OnFailure = new MaskFailures(),
                    Gradient = new ImplicitGradient { Solver = new SplittingLinearSolver { Solver = MonotoneCases.Solver(solver) } },
                };
                Tensor q = randn([2, .. MonotoneCases.Shape(kind)], dtype).requires_grad_();
                using ImplicitResult result = network.Run(q);
                Assert.All(result.Report.Samples, sample => Assert.NotEqual(SolveStatus.Converged, sample.Status));
                if (!double.IsFinite(weight))
                {
                    Assert.All(result.Report.Samples, sample => Assert.Equal(SolveStatus.NonFinite, sample.Status));
                }

                result.Output.sum().backward();
            }
        }

        ThreadCount.Set(threads);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("circular")]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void No_samples_are_solved_and_differentiated(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneOperator latentOperator = new(MonotoneCases.Create(kind));
        Tensor q = zeros([0, .. MonotoneCases.Shape(kind)], ScalarType.Float64).requires_grad_();
        using FixedPointMap map = latentOperator.Bind(q);
        foreach (string solver in (string[])["forward-backward", "peaceman-rachford"])
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), MonotoneCases.Solver(solver));
            Assert.Equal(q.shape, solution.Latent.shape);
            Assert.Empty(solution.Report.Samples);
        }

        using IDisposable noGraph = no_grad();
        Assert.Equal(q.shape, map.Evaluate(q).shape);
        Assert.Equal(q.shape, ((SplittingMap)map).Resolvent(q, 0.5).shape);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("circular")]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void Nothing_is_left_behind_outside_a_scope(string kind)
    {
        using MonotoneLayer layer = MonotoneCases.Create(kind);
        using MonotoneOperator latentOperator = new(layer);
        using Tensor q = randn([3, .. MonotoneCases.Shape(kind)], ScalarType.Float64);
        using Tensor samples = tensor(new long[] { 2, 0 });
        foreach (Tensor piece in layer.Prepare())
        {
            piece.Dispose();
        }

        latentOperator.StartingLatent(q).Dispose();
        using FixedPointMap map = latentOperator.Bind(q);
        using FixedPointMap some = map.Restrict(samples);
        using IDisposable noGraph = no_grad();
        using Tensor two = q.narrow(0, 0, 2);
        some.Evaluate(two).Dispose();
        ((SplittingMap)some).Resolvent(two, 0.5).Dispose();
    }

    private sealed record Itself : LatentActivation
    {
        public override bool IsProximal => true;

        public override Tensor Apply(Tensor x) => x;
    }
}
