using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

public sealed class ConjugateGradientSolverTests : TensorTest
{
    [Fact]
    public void The_default_is_pinned_and_bad_options_refused()
    {
        Assert.Equal(100, new ConjugateGradientSolver().MaxProducts);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConjugateGradientSolver { MaxProducts = 1 });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void It_takes_a_step_for_every_eigenvalue_that_differs_a_product_that_tries_and_one_that_measures(int different)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = arange(20, ScalarType.Float64).remainder(different) + 1;
        (Tensor matrices, Tensor right) = OfEigenvalues(values.unsqueeze(0));
        using DenseOperator linear = new(matrices.clone());
        using LinearSolution solution = new ConjugateGradientSolver().Solve(linear, right, [new(1e-11)]);
        Assert.Equal((LinearStatus.Converged, different + 2), (solution.Samples[0].Status, solution.Samples[0].Products));
        Tensor exact = linalg.solve(matrices, right.unsqueeze(2)).squeeze(2);
        Assert.True((solution.Vectors - exact).abs().max().ToDouble() < 1e-11);
    }

    [Fact]
    public void It_is_never_slower_than_the_square_root_of_the_condition_allows()
    {
        // ||x_k - x||_A <= 2 q^k ||x||_A, q = (sqrt(kappa) - 1) / (sqrt(kappa) + 1), kappa = 100.
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = OfEigenvalues(logspace(-2, 0, 60, dtype: ScalarType.Float64).unsqueeze(0));
        Tensor exact = linalg.solve(matrices, right.unsqueeze(2)).squeeze(2);
        double scale = Energy(exact);
        for (int limit = 3; limit < 40; limit += 4)
        {
            using DenseOperator linear = new(matrices.clone());
            using LinearSolution solution = new ConjugateGradientSolver { MaxProducts = limit }.Solve(linear, right, [new(0)]);
            double found = Energy(solution.Vectors - exact) / scale;
            double before = 2 * Math.Pow(9.0 / 11, limit - 2);

            // The x of least residual is returned, which may be one of some steps before.
            Assert.True(found <= Math.Max(before, 1e-13) * 3, $"{limit} products leave {found:g3}, the theory {before:g3}");
        }

        double Energy(Tensor vectors) => Math.Sqrt((vectors.unsqueeze(1).bmm(matrices).squeeze(1) * vectors).sum().ToDouble());
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void An_operator_that_is_not_symmetric_is_refused_with_the_name_of_one_that_takes_it_and_nothing_is_left(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (string problem in new[] { "I - J, norm 0.5", "rotations by 60 degrees", "cyclic shift", "I - J, batch of one" })
        {
            (Tensor matrices, Tensor right) = LinearProblemCases.Named(problem, dtype);
            LinearTolerance[] tolerances = [.. Enumerable.Repeat(new LinearTolerance(1e-3), (int)right.shape[0])];
            using DenseOperator linear = new(matrices);
            long before = Live;
            string message = Assert.Throws<NotSupportedException>(
                () => new ConjugateGradientSolver().Solve(linear, right, tolerances)).Message;
            Assert.Contains(nameof(GmresSolver), message, StringComparison.Ordinal);
            Assert.Contains("<x, A y> = ", message, StringComparison.Ordinal);
            Assert.Equal(before, Live);
        }
    }

    [Fact]
    public void One_sample_that_is_not_symmetric_is_enough()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor matrices = eye(6, dtype: ScalarType.Float64).unsqueeze(0).repeat(9, 1, 1);
        matrices[7, 2, 3] = 1e-3;
        using DenseOperator linear = new(matrices);
        LinearTolerance[] tolerances = [.. Enumerable.Repeat(new LinearTolerance(1e-9), 9)];
        Assert.Throws<NotSupportedException>(() => new ConjugateGradientSolver().Solve(linear, ones(9, 6, ScalarType.Float64), tolerances));
    }

    [Theory]
    [InlineData(ScalarType.Float64, 20_000)]
    [InlineData(ScalarType.Float32, 20_000)]
    public void Rounding_is_not_called_an_asymmetry(ScalarType dtype, int size)
    {
        // W^T D W of many scales, as the Hessian of a network is: by three products, each rounded.
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        Tensor weight = randn([64, size], dtype) * logspace(-3, 3, size, dtype: dtype);
        Tensor middle = logspace(-3, 3, 64, dtype: dtype);
        using Products linear = new(vectors => vectors + vectors.mm(weight.t()).mul(middle).mm(weight));
        Tensor right = randn([3, size], dtype).abs();
        LinearTolerance[] tolerances = [.. Enumerable.Repeat(new LinearTolerance(1e-2), 3)];
        using LinearSolution solution = new ConjugateGradientSolver().Solve(linear, right, tolerances);
        Assert.All(solution.Samples, sample => Assert.InRange(sample.RelativeResidual, 0, 1));
    }

    [Theory]
    [InlineData(new double[] { 1, -1 }, "no curvature at all in the first direction")]
    [InlineData(new double[] { -1, -1 }, "negative from the start")]
    [InlineData(new double[] { 3, -1 }, "negative in the second direction")]
    [InlineData(new double[] { 0, 0 }, "nothing")]
    public void Where_the_operator_is_not_positive_the_sample_says_so_and_no_number_is_called_a_solution(double[] values, string why)
    {
        using DisposeScope scope = NewDisposeScope();
        using DenseOperator linear = new(diag_embed(tensor(values)).unsqueeze(0));
        using LinearSolution solution = new ConjugateGradientSolver().Solve(linear, ones(1, 2, ScalarType.Float64), [new(1e-9)]);
        LinearSampleReport report = solution.Samples[0];
        Assert.True(report.Status == LinearStatus.Breakdown, $"{why}: {solution}");
        Tensor left = 1 - (solution.Vectors * tensor(values));
        Assert.Equal(left.norm().ToDouble() / Math.Sqrt(2), report.RelativeResidual, 1e-12);
        Assert.InRange(report.RelativeResidual, 1e-3, 1);
    }

    [Fact]
    public void Newtons_method_uses_it_where_the_Jacobian_is_symmetric_and_refuses_it_elsewhere()
    {
        using DisposeScope scope = NewDisposeScope();
        NewtonKrylovSolver solver = new() { LinearSolver = new ConjugateGradientSolver() };
        random.manual_seed(3);
        Tensor weight = randn([5, 5], ScalarType.Float64) * 0.3;
        Tensor q = randn([4, 5], ScalarType.Float64);

        // u -> q - W^T tanh(W u): minus the gradient of sum log cosh(W u).
        using PerSampleMap symmetric = new((u, input) => input - u.mm(weight.t()).tanh().mm(weight), q);
        using FixedPointSolution solution = FixedPoint.Solve(symmetric, zeros_like(q), solver, new StoppingRule { AbsoluteTolerance = 1e-12 });
        Assert.True(solution.Report.AllConverged);
        Assert.True((symmetric.Evaluate(solution.Latent) - solution.Latent).abs().max().ToDouble() < 1e-11);
        using PerSampleMap skew = new((u, input) => input - u.mm(weight).tanh(), q);
        Assert.Throws<NotSupportedException>(() => FixedPoint.Solve(skew, zeros_like(q), solver));
    }

    [Fact]
    public void A_backward_pass_that_it_cannot_make_is_NaN_and_told()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor weight = (randn([5, 5], ScalarType.Float64) * 0.2).requires_grad_();
        using PerSampleMap skew = new((u, inputs) => u.mm(weight) + 1, new MapInputs { Parameters = [weight] });
        using FixedPointSolution solution = FixedPoint.Solve(skew, zeros(4, 5, ScalarType.Float64));
        GradientReport report = new();
        new ImplicitGradient { Solver = new ConjugateGradientSolver() }.Attach(skew, solution, report).square().sum().backward();
        Assert.True(weight.grad!.isnan().all().ToBoolean());
        Assert.IsType<NotSupportedException>(report.Failure);
        Assert.Contains(nameof(GmresSolver), report.Failure.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(report.ThrowIfFailed);
    }

    /// <summary>Symmetric matrices with these eigenvalues, [batch, n], and right sides.</summary>
    private static (Tensor Matrices, Tensor Right) OfEigenvalues(Tensor values)
    {
        random.manual_seed(11);
        long size = values.shape[1];
        (Tensor basis, _) = linalg.qr(randn([values.shape[0], size, size], ScalarType.Float64));
        Tensor product = (basis * values.unsqueeze(1)).bmm(basis.transpose(1, 2));
        return ((product + product.transpose(1, 2)) / 2, randn([values.shape[0], size], ScalarType.Float64));
    }

    private sealed class Products(Func<Tensor, Tensor> product) : LinearOperator
    {
        public override Tensor Apply(Tensor vectors) => product(vectors);

        public override Tensor ApplyTransposed(Tensor vectors) => product(vectors);

        public override LinearOperator Restrict(Tensor samples) => new Products(product);

        public override void Dispose()
        {
        }
    }
}
