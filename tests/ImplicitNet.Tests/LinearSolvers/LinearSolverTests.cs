using CsCheck;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

/// <summary>What every linear solver promises a caller.</summary>
public sealed class LinearSolverTests : TensorTest
{
    private const string Many = "I - J, 64 samples of many norms";

    public static TheoryData<string> All => LinearSolverCases.All;

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_no_system_is_refused(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        LinearSolver solver = LinearSolverCases.Named(name);
        using DenseOperator linear = new(eye(2).unsqueeze(0));
        Tensor right = ones(1, 2);
        LinearTolerance[] one = [new(0.1)];
        Assert.Throws<ArgumentNullException>("linear", () => solver.Solve(null!, right, one));
        Assert.Throws<ArgumentNullException>("rightSide", () => solver.Solve(linear, null!, one));
        Assert.Throws<ArgumentNullException>("tolerances", () => solver.Solve(linear, right, null!));
        Assert.Throws<ArgumentException>("rightSide", () => solver.Solve(linear, ones(2), one));
        Assert.Throws<ArgumentException>("rightSide", () => solver.Solve(linear, ones([1, 2], ScalarType.Float16), one));
        Assert.Throws<ArgumentException>("start", () => solver.Solve(linear, right, one, ones(2, 2)));
        Assert.Throws<ArgumentException>("start", () => solver.Solve(linear, right, one, ones(1, 2, ScalarType.Float64)));
        Assert.Throws<ArgumentException>("tolerances", () => solver.Solve(linear, right, [new(0.1), new(0.1)]));
        foreach (LinearTolerance bad in new LinearTolerance[] { new(1), new(-0.1), new(double.NaN), new(0.1, -1), new(0.1, double.NaN), new(0.1, double.PositiveInfinity) })
        {
            Assert.Throws<ArgumentException>("tolerances", () => solver.Solve(linear, right, [bad]));
        }

        using WrongOperator wrong = new();
        Assert.Contains("[1, 2]", Assert.Throws<ArgumentException>(() => solver.Solve(wrong, right, one)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_empty_batch_and_empty_vectors_are_solved_for_nothing(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((long batch, long size) in new[] { (0L, 3L), (2L, 0L) })
        {
            using DenseOperator linear = new(zeros(batch, size, size));
            using LinearSolution solution = LinearSolverCases.Named(name).Solve(linear, zeros(batch, size), Same((int)batch, 0.1));
            Assert.Equal([batch, size], solution.Vectors.shape);
            Assert.True(solution.AllConverged);
            Assert.Equal(0, solution.Products);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_samples_answer_is_the_same_alone_and_in_any_batch(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, Many);
        LinearTolerance[] tolerances = [.. Enumerable.Range(0, 64).Select(i => new LinearTolerance(i % 3 == 0 ? 0.2 : 1e-9))];
        LinearSolver solver = LinearSolverCases.Named(name);
        using DenseOperator linear = new(matrices.clone());
        using LinearSolution together = solver.Solve(linear, right, tolerances);
        foreach (int i in new[] { 0, 3, 17, 40, 62, 63 })
        {
            using DenseOperator own = new(matrices.narrow(0, i, 1).clone());
            using LinearSolution alone = solver.Solve(own, right.narrow(0, i, 1), [tolerances[i]]);
            Assert.Equal((alone.Samples[0].Status, alone.Samples[0].Products), (together.Samples[i].Status, together.Samples[i].Products));
            Assert.Equal(alone.Samples[0].RelativeResidual, together.Samples[i].RelativeResidual, 1e-6 * alone.Samples[0].RelativeResidual + 1e-13);
            Assert.True((together.Vectors[i] - alone.Vectors[0]).abs().max().ToDouble() < 1e-11);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Samples_that_have_ended_are_hardly_paid_for(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, Many);
        LinearTolerance[] tolerances = [.. Enumerable.Range(0, 64).Select(i => new LinearTolerance(i < 48 ? 0.3 : 1e-9))];
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = LinearSolverCases.Named(name).Solve(linear, right, tolerances);
        Assert.True(solution.AllConverged);
        long own = solution.Samples.Sum(sample => (long)sample.Products);
        Assert.InRange(solution.Products, own, own * 5 / 4);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Zeros_nan_and_infinity_end_by_themselves_and_change_no_other_sample(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, "I - J, norm 0.9");
        LinearSolver solver = LinearSolverCases.Named(name);
        using DenseOperator clean = new(matrices.narrow(0, 4, 4).clone());
        using LinearSolution rest = solver.Solve(clean, right.narrow(0, 4, 4), Same(4, 1e-8));
        right[0] = 0;
        right[1, 3] = double.NaN;
        right[2, 3] = double.PositiveInfinity;
        matrices[3, 5, 5] = double.NaN;
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = solver.Solve(linear, right, Same(8, 1e-8));
        Assert.Equal(new LinearSampleReport(LinearStatus.Converged, 0, 0), solution.Samples[0]);
        Assert.Equal(new LinearSampleReport(LinearStatus.NonFinite, 0, double.PositiveInfinity), solution.Samples[1]);
        Assert.Equal(new LinearSampleReport(LinearStatus.NonFinite, 0, double.PositiveInfinity), solution.Samples[2]);
        Assert.Equal(new LinearSampleReport(LinearStatus.NonFinite, 1, 1), solution.Samples[3]);
        Assert.True((solution.Vectors.narrow(0, 0, 4) == 0).all().ToBoolean());
        Assert.Equal(rest.Samples.Select(sample => (sample.Status, sample.Products)), solution.Samples.Skip(4).Select(sample => (sample.Status, sample.Products)));
        Assert.True((solution.Vectors.narrow(0, 4, 4) - rest.Vectors).abs().max().ToDouble() < 1e-12);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_product_that_overflows_ends_its_sample_with_the_best_it_had(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, "I - J, norm 0.5");
        foreach (int failsAt in new[] { 2, 5, 6 })
        {
            using DenseOperator linear = new(matrices.narrow(0, 0, 2).clone(), failsAt: failsAt);
            using LinearSolution solution = LinearSolverCases.Named(name).Solve(linear, right.narrow(0, 0, 2), Same(2, 1e-9));
            Assert.Equal(LinearStatus.NonFinite, solution.Samples[0].Status);

            // Anderson takes its step back, and tries shorter ones, a plain one, and shorter ones of that.
            Assert.InRange(solution.Samples[0].Products, failsAt, failsAt + (name == "Anderson" ? (2 * new AndersonSolver().Retries) + 1 : 0));
            Assert.Equal(LinearStatus.Converged, solution.Samples[1].Status);
            double left = (right[0] - matrices[0].mv(solution.Vectors[0])).norm().ToDouble() / right[0].norm().ToDouble();
            Assert.Equal(left, solution.Samples[0].RelativeResidual, 1e-9);
            Assert.True(left < 0.9 || failsAt == 2);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_start_is_used_and_one_that_is_good_enough_is_returned_for_one_product(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, "I - J, norm 0.9");
        Tensor exact = linalg.solve(matrices, right.unsqueeze(2)).squeeze(2);
        Tensor start = exact + (randn_like(exact) * 1e-6);
        start[0] = exact[0];
        start[1, 3] = double.NaN;
        right[2] = 0;
        Tensor given = start.clone();
        LinearSolver solver = LinearSolverCases.Named(name);
        using DenseOperator linear = new(matrices);
        using LinearSolution cold = solver.Solve(linear, right, Same(8, 1e-9));
        using LinearSolution warm = solver.Solve(linear, right, Same(8, 1e-9), start);
        Assert.True(warm.AllConverged, warm.ToString());
        Assert.Equal((LinearStatus.Converged, 1), (warm.Samples[0].Status, warm.Samples[0].Products));
        Assert.Equal(0, (warm.Vectors[0] - exact[0]).abs().max().ToDouble());
        Assert.InRange(warm.Samples[0].RelativeResidual, 1e-18, 1e-14);
        Assert.Equal(new LinearSampleReport(LinearStatus.Converged, 0, 0), warm.Samples[2]);
        Assert.True((warm.Vectors[2] == 0).all().ToBoolean());
        Assert.True((warm.Vectors[1] - exact[1]).abs().max().ToDouble() < 1e-7);
        Assert.All(Enumerable.Range(3, 5), i => Assert.True(warm.Samples[i].Products < cold.Samples[i].Products));
        Assert.Equal(0, (start.nan_to_num() - given.nan_to_num()).abs().max().ToDouble());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_absolute_tolerance_alone_will_do_and_the_larger_of_the_two_counts(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, "I - J, norm 0.9");
        double[] scales = [.. right.norm(1).data<double>()];
        LinearTolerance[] tolerances = [new(0, 1e-3), new(1e-9, 1e-3), new(1e-2, 1e-9), new(0, 100), new(0.5, 0), new(1e-9, 0), new(0, 1e-8), new(0.9, 100)];
        using DenseOperator linear = new(matrices.clone());
        using LinearSolution solution = LinearSolverCases.Named(name).Solve(linear, right, tolerances);
        Assert.True(solution.AllConverged, solution.ToString());
        double[] left = [.. (right - bmm(matrices, solution.Vectors.unsqueeze(2)).squeeze(2)).norm(1).data<double>()];
        for (int i = 0; i < left.Length; i++)
        {
            double threshold = Math.Max(tolerances[i].Absolute, tolerances[i].Relative * scales[i]);
            Assert.InRange(left[i], 0, threshold * (1 + 1e-9));
        }

        // Zeros meet an absolute tolerance above ||b||: no product, and the residual is b. No one else works for nothing.
        Assert.All(new[] { 3, 7 }, i => Assert.Equal(new LinearSampleReport(LinearStatus.Converged, 0, 1), solution.Samples[i]));
        Assert.True(solution.Samples[0].Products < solution.Samples[5].Products);
        Assert.True(solution.Samples[1].Products < solution.Samples[5].Products);
        Assert.True(left[1] > 1e-6);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_limit_is_kept_whatever_it_is(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, "I - J, norm 0.99");
        Tensor start = right * 0.5;
        int unused = name == "CGNR" ? 2 : 1;
        for (int limit = 3; limit < 14; limit++)
        {
            foreach (Tensor? from in new[] { null, start })
            {
                long paid = 0;
                using DenseOperator linear = new(matrices.clone(), rows => paid += rows);
                using LinearSolution solution = LinearSolverCases.Named(name, limit).Solve(linear, right, Same(8, 1e-12), from);
                Assert.All(solution.Samples, sample => Assert.Equal(LinearStatus.MaxProductsReached, sample.Status));
                Assert.All(solution.Samples, sample => Assert.InRange(sample.Products, limit - unused, limit));
                Assert.Equal(paid, solution.Products);
                Assert.Equal(paid, solution.Samples.Sum(sample => (long)sample.Products));
            }
        }
    }

    [Theory]
    [InlineData("BiCGSTAB", 2)]
    [InlineData("BiCGSTAB", 5)]
    [InlineData("CG", 3)]
    [InlineData("CG", 5)]
    [InlineData("CGNR", 3)]
    [InlineData("CGNR", 5)]
    public void Where_residuals_drift_the_last_product_measures_what_no_step_may_take(string name, int limit)
    {
        // A correction whose residual was not seen to be finite is dropped.
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, "I - J, norm 0.99");
        using DenseOperator linear = new(matrices.narrow(0, 0, 2), failsAt: limit);
        using LinearSolution solution = LinearSolverCases.Named(name, limit).Solve(linear, right.narrow(0, 0, 2), Same(2, 1e-12));
        Assert.Equal(new LinearSampleReport(LinearStatus.NonFinite, limit, 1), solution.Samples[0]);
        Assert.Equal((LinearStatus.MaxProductsReached, limit), (solution.Samples[1].Status, solution.Samples[1].Products));
        Assert.InRange(solution.Samples[1].RelativeResidual, 0, 0.99);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_units_of_the_problem_change_nothing(string name)
    {
        // Squares of 1e-30 and of 1e30 are none in float32.
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, "I - J, norm 0.5", ScalarType.Float32);
        using DenseOperator linear = new(matrices);
        using LinearSolution plain = LinearSolverCases.Named(name).Solve(linear, right, Same(8, 1e-4));
        foreach (double unit in new[] { 1e-30, 1e30 })
        {
            using LinearSolution scaled = LinearSolverCases.Named(name).Solve(linear, right * unit, Same(8, 1e-4));
            Assert.True(scaled.AllConverged, scaled.ToString());
            Assert.All(scaled.Samples.Zip(plain.Samples), pair => Assert.InRange(pair.First.Products, pair.Second.Products - 1, pair.Second.Products + 1));
            Assert.True((scaled.Vectors / unit - plain.Vectors).abs().max().ToDouble() < 1e-3);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_tolerance_below_the_dtype_is_not_called_met(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, "I - J, norm 0.9", ScalarType.Float32);
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = LinearSolverCases.Named(name).Solve(linear, right, Same(8, 1e-12));
        Assert.All(solution.Samples, sample => Assert.InRange(sample.RelativeResidual, 1e-9, 3e-6));

        // Broyden's may go on falling, by less than a spacing of u, until the products are at an end.
        Assert.All(solution.Samples, sample => Assert.True(
            sample.Status == LinearStatus.Stalled || (name == "Broyden" && sample.Status == LinearStatus.MaxProductsReached), $"{sample}"));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_tolerance_of_zero_ends(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearSolverCases.Problem(name, "I - J, norm 0.5");
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = LinearSolverCases.Named(name).Solve(linear, right, Same(8, 0));
        Assert.All(solution.Samples, sample => Assert.InRange(sample.RelativeResidual, 0, 1e-14));
        Assert.All(solution.Samples, sample => Assert.Equal(sample.Status == LinearStatus.Converged, sample.RelativeResidual == 0));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Any_contraction_of_any_size_is_solved_to_its_tolerance(string name)
    {
        var systems = Gen.Select(Gen.Int[1, 12], Gen.Int[1, 9], Gen.Double[0, 0.8], Gen.Double[-8, -1], Gen.Int[0, 1_000_000]);
        systems.Sample(
            (size, batch, norm, exponent, seed) =>
            {
                using DisposeScope scope = NewDisposeScope();
                random.manual_seed(seed);
                Tensor gaussian = randn([batch, size, size], ScalarType.Float64);
                Tensor any = eye(size, dtype: ScalarType.Float64) - (gaussian / linalg.svdvals(gaussian).amax([1]).reshape(batch, 1, 1) * norm);
                Tensor matrices = LinearSolverCases.For(name, any);
                Tensor right = randn([batch, size], ScalarType.Float64);
                double tolerance = Math.Pow(10, exponent);
                using DenseOperator linear = new(matrices);
                using LinearSolution solution = LinearSolverCases.Named(name).Solve(linear, right, Same(batch, tolerance));
                Tensor left = (right - linear.Apply(solution.Vectors)).norm(1) / right.norm(1);
                return solution.AllConverged && left.max().ToDouble() <= tolerance * (1 + 1e-6);
            },
            iter: 40,
            threads: 1);
    }

    [Fact]
    public void A_report_is_read_in_one_line()
    {
        using DisposeScope scope = NewDisposeScope();
        using DenseOperator linear = new(diag_embed(tensor(new double[,] { { 1, 1 }, { 0, 0 } })));
        using LinearSolution solution = new GmresSolver().Solve(linear, ones(2, 2, ScalarType.Float64), Same(2, 1e-8));
        Assert.Equal("2 samples (1 Converged, 1 Breakdown), relative residual 1 at most, 2 products.", solution.ToString());
        Assert.False(solution.AllConverged);
    }

    private static LinearTolerance[] Same(int count, double tolerance) => [.. Enumerable.Repeat(new LinearTolerance(tolerance), count)];

    private sealed class WrongOperator : LinearOperator
    {
        public override Tensor Apply(Tensor vectors) => zeros(1, 3);

        public override Tensor ApplyTransposed(Tensor vectors) => zeros(1, 3);

        public override LinearOperator Restrict(Tensor samples) => new WrongOperator();

        public override void Dispose()
        {
        }
    }
}
