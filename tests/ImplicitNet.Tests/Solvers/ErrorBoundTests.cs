using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class ErrorBoundTests : TensorTest
{
    private static readonly double[] Weights = [1, 0.25, 8, 3];

    private static readonly ResidualNorm[] Norms =
    [
        ResidualNorm.L2, ResidualNorm.RootMeanSquare, ResidualNorm.Max, ResidualNorm.Weighted(Weights), ResidualNorm.LargestToken(2),
        ResidualNorm.LargestPart([3, 1]), ResidualNorm.LargestPart([1, 2, 1]),
    ];

    [Fact]
    public void The_distance_to_the_fixed_point_is_within_the_bound_in_every_pair_of_norms()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            foreach (ResidualNorm norm in Norms)
            {
                Tensor matrix = Contracting(norm, 0.9);
                Tensor q = randn([5, 4], ScalarType.Float64);
                Tensor exact = linalg.solve(eye(4, dtype: ScalarType.Float64) - matrix, q.T).T;
                foreach (ResidualNorm rule in Norms)
                {
                    using PerSampleMap map = new((u, x) => u.mm(matrix.T.to(dtype)) + x, q.to(dtype)) { ErrorBound = new(1 / (1 - 0.9), norm) };
                    StoppingRule stopping = new() { RelativeTolerance = 1e-2, Norm = rule };
                    using FixedPointSolution solution = FixedPoint.Solve(map, zeros([5, 4], dtype), stopping: stopping);
                    double[] distances = Measured(norm, solution.Latent.to(ScalarType.Float64) - exact);
                    Assert.Equal(norm, solution.Report.ErrorNorm);
                    foreach ((SampleReport sample, double distance) in solution.Report.Samples.Zip(distances))
                    {
                        Assert.InRange(distance, 0, sample.ErrorBound!.Value * (1 + 1e-5));
                        if (norm.Equals(rule))
                        {
                            Assert.Equal(sample.Residual / (1 - 0.9), sample.ErrorBound.Value, 1e-12 * sample.Residual);
                        }
                    }

                    Assert.Equal(solution.Report.Samples.Max(sample => sample.ErrorBound), solution.Report.ErrorBound);
                }
            }
        }
    }

    [Fact]
    public void A_map_that_shrinks_every_distance_alike_is_exactly_as_far_as_the_bound_says_and_one_evaluation_further_gamma_times_that()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => (u * 0.75) + 1) { ErrorBound = new(1 / (1 - 0.75), ResidualNorm.Max) };
        using Tensor start = zeros(2, 3, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { MaxSteps = 4, Norm = ResidualNorm.Max });
        using Tensor next = map.Evaluate(solution.Latent);
        double bound = solution.Report.Samples[0].ErrorBound!.Value;
        Assert.Equal(4 - solution.Latent[0, 0].ToDouble(), bound, 1e-14);
        Assert.Equal(4 - next[0, 0].ToDouble(), 0.75 * bound, 1e-14);
    }

    [Fact]
    public void The_constant_between_two_norms_is_the_least_one()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        foreach (ResidualNorm norm in Norms)
        {
            foreach (ResidualNorm other in Norms)
            {
                double constant = new ErrorBound(1, norm).PerUnitOf(other, 4)!.Value;

                // Among these are the vectors for which it is attained: a unit, all alike, 1 / w, and an end of a part of 3.
                Tensor rows = cat(
                [
                    randn(200, 4, ScalarType.Float64), eye(4, dtype: ScalarType.Float64), ones(1, 4, ScalarType.Float64),
                    1 / tensor(Weights).unsqueeze(0), tensor(new[,] { { 0, 0, Math.Sqrt(3), 1 }, { 1, Math.Sqrt(2), 0, 1 }, { 1, 0, Math.Sqrt(2), 1 } }),
                ]);
                double[] ratios = [.. Measured(norm, rows).Zip(Measured(other, rows), (one, another) => one / another)];
                Assert.Equal(constant, ratios.Max(), 1e-12);
            }
        }
    }

    [Fact]
    public void A_norm_from_outside_gives_a_bound_only_where_the_map_contracts_in_it()
    {
        using Tensor start = zeros(2, 3, ScalarType.Float64);
        using PerSampleMap length = new(u => (u / 2) + 1) { ErrorBound = new(2, ResidualNorm.L2) };
        using PerSampleMap own = new(u => (u / 2) + 1) { ErrorBound = new(2, new SumNorm()) };
        foreach ((FixedPointMap map, ResidualNorm rule, bool isKnown) in new (FixedPointMap, ResidualNorm, bool)[]
        {
            (length, new SumNorm(), false), (own, ResidualNorm.L2, false), (own, ResidualNorm.Max, false), (own, new SumNorm(), true), (length, ResidualNorm.L2, true),
        })
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { Norm = rule });
            Assert.Equal(isKnown, solution.Report.ErrorBound is not null);
            Assert.Equal(isKnown, solution.Report.ErrorNorm is not null);
            Assert.All(solution.Report.Samples, sample => Assert.Equal(isKnown ? 2 * sample.Residual : null, sample.ErrorBound));
        }
    }

    [Fact]
    public void It_is_that_of_the_latent_returned_through_chains_starts_coupled_maps_and_samples_that_leave()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        Tensor q = randn(6, 4, ScalarType.Float64) * tensor([1e-3, 1, 1e3, 1, 1, 1]).unsqueeze(1);
        SolverChain chain = new() { Solvers = [new PicardSolver { Damping = 0.01 }, new AndersonSolver()] };
        foreach (FixedPointSolver solver in new FixedPointSolver[] { new PicardSolver(), new AndersonSolver(), new BroydenSolver(), chain, new BestOfStarts() })
        {
            using PerSampleMap map = new((u, x) => (u.sin() * 0.9) + x, q) { ErrorBound = new(10, ResidualNorm.L2) };
            using CoupledMap coupled = new(u => (u.sin() * 0.9) + q) { ErrorBound = new(10, ResidualNorm.L2) };
            foreach (FixedPointMap each in new FixedPointMap[] { map, coupled })
            {
                using FixedPointSolution solution = FixedPoint.Solve(each, zeros_like(q), solver, new StoppingRule { RelativeTolerance = 1e-6, MaxSteps = 300 });
                Assert.True(solution.Report.AllConverged, solution.Report.ToString());
                Assert.Equal(ResidualNorm.L2, solution.Report.ErrorNorm);
                Assert.All(solution.Report.Samples, sample => Assert.Equal(10 * sample.Residual, sample.ErrorBound!.Value, 1e-12 * sample.Residual));
            }
        }
    }

    [Fact]
    public void What_failed_is_bounded_where_its_residual_is_finite_and_an_empty_batch_has_no_bound()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = tensor(new double[,] { { 1 }, { double.NaN }, { 1 } });
        using PerSampleMap map = new((u, x) => (u / 2) + x, q) { ErrorBound = new(2, ResidualNorm.L2) };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(3, 1, ScalarType.Float64), stopping: new StoppingRule { MaxSteps = 3 });
        Assert.Equal([0.5, null, 0.5], solution.Report.Samples.Select(sample => sample.ErrorBound));
        Assert.Null(solution.Report.ErrorBound);
        Assert.Contains("residual 0.25", solution.Report.ToString(), StringComparison.Ordinal);
        Assert.Contains("after 3 steps, within 0.5 of u* (L2)).", solution.Report.ToString(), StringComparison.Ordinal);
        using PerSampleMap none = new(u => u / 2) { ErrorBound = new(2, ResidualNorm.Weighted([1, 2])) };
        foreach (long[] shape in new long[][] { [0, 2], [2, 0] })
        {
            using FixedPointSolution empty = FixedPoint.Solve(none, zeros(shape));
            Assert.Null(empty.Report.ErrorBound);
        }
    }

    [Theory]
    [InlineData(1, "The sample converged in 2 steps, within 0 of u* (maximum).")]
    [InlineData(2, "All 2 samples converged in 2.0 steps on average, 2 at most, within 0 of u* (maximum).")]
    public void A_report_says_the_bound_and_its_norm_in_one_clause(int samples, string expected)
    {
        using PerSampleMap map = new(static u => ones_like(u)) { ErrorBound = new(1, ResidualNorm.Max) };
        using Tensor start = zeros(samples, 2);
        using FixedPointSolution solution = FixedPoint.Solve(map, start);
        Assert.Equal(expected, solution.Report.ToString());
    }

    [Fact]
    public void Contractions_set_it_and_a_module_whose_factor_nobody_knows_does_not()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = randn(2, 3);
        using ContractionOperator contraction = new(new BoundedLinear(3, 3), 0.8);
        using ExplicitOperator twin = new(new ContractionOperator(new BoundedLinear(3, 3), 0.8));
        using ModuleOperator module = new(new Sum());
        using FixedPointMap one = contraction.Bind(q), two = twin.Bind(q), three = module.Bind(q);
        using FixedPointMap some = one.Restrict(tensor(new long[] { 1 }));
        Assert.Equal(new ErrorBound(1 / (1 - 0.8), ResidualNorm.L2), one.ErrorBound);
        Assert.Equal(one.ErrorBound, some.ErrorBound);
        Assert.Equal(new ErrorBound(1, ResidualNorm.L2), two.ErrorBound);
        Assert.Null(three.ErrorBound);
    }

    [Fact]
    public void A_bound_that_is_none_is_refused()
    {
        foreach (double value in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new PerSampleMap(u => u) { ErrorBound = new(value, ResidualNorm.L2) });
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new PerSampleMap(u => u) { ErrorBound = new ErrorBound(1, null!) });
    }

    /// <summary>A matrix of norm gamma in some norm, up to rounding; of tokens at most gamma, by the norms of its blocks.</summary>
    private static Tensor Contracting(ResidualNorm norm, double gamma)
    {
        Tensor matrix = randn(4, 4, ScalarType.Float64);
        IReadOnlyList<ResidualNorm.Part> parts = norm.PartsOf(4)!;
        Tensor[][] blocks = [.. matrix.split([.. parts.Select(part => part.Size)]).Select(rows => rows.split([.. parts.Select(part => part.Size)], 1))];

        // At most the sum of what a part has of each of the others: w_i ||J_ij|| / w_j.
        double size = parts.Select((part, i) =>
            parts.Select((other, j) => part.Weight * linalg.svdvals(blocks[i][j]).max().ToDouble() / other.Weight).Sum()).Max();
        return matrix * (gamma / size);
    }

    private static double[] Measured(ResidualNorm norm, Tensor rows)
    {
        using Tensor measured = norm.Measure(rows);
        return [.. measured.data<double>()];
    }

    private sealed record SumNorm : ResidualNorm
    {
        public override Tensor Measure(Tensor rows) => rows.abs().sum(1).to(ScalarType.Float64);
    }

    private sealed class Sum() : nn.Module<Tensor, Tensor, Tensor>(nameof(Sum))
    {
        public override Tensor forward(Tensor u, Tensor q) => (u / 2) + q;
    }
}
