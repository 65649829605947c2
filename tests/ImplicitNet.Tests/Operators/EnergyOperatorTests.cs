using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>R(u, q) = u - step grad E(u, q), against closed forms and dense matrices in float64.</summary>
public sealed class EnergyOperatorTests : TensorTest
{
    private static readonly Dictionary<string, FixedPointSolver> Solvers = new()
    {
        ["Picard"] = new PicardSolver(),
        ["Anderson"] = new AndersonSolver(),
        ["Broyden"] = new BroydenSolver(),
        ["Newton"] = new NewtonKrylovSolver(),
        ["Newton by CG"] = new NewtonKrylovSolver { LinearSolver = new ConjugateGradientSolver() },
        ["Newton by CG and differences"] =
            new NewtonKrylovSolver { LinearSolver = new ConjugateGradientSolver(), Product = new FiniteDifferenceProduct() },
    };

    public static TheoryData<string> SolverNames => [.. Solvers.Keys];

    [Theory]
    [MemberData(nameof(SolverNames))]
    public void The_fixed_point_of_a_quadratic_energy_is_its_minimum(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrix, Tensor q) = Quadratic(0.5, 4, size: 12, batch: 5);
        using EnergyOperator energy = new(new QuadraticEnergy(matrix), 2 / 4.5);
        using FixedPointMap map = energy.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, energy.StartingLatent(q), Solvers[solver], new StoppingRule { AbsoluteTolerance = 1e-11, MaxSteps = 500 });
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Tensor exact = linalg.solve(matrix, q.t()).t();
        Assert.True((solution.Latent - exact).abs().max().ToDouble() < 1e-9);
    }

    [Theory]
    [InlineData(1.9, true)]
    [InlineData(1.99, true)]
    [InlineData(2.01, false)]
    [InlineData(2.1, false)]
    public void Picard_converges_just_below_two_over_the_largest_eigenvalue_and_diverges_just_above(double share, bool converges)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrix, Tensor q) = Quadratic(1, 3, size: 6, batch: 3);
        using EnergyOperator energy = new(new QuadraticEnergy(matrix), share / 3);
        using FixedPointMap map = energy.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, energy.StartingLatent(q), stopping: new StoppingRule { AbsoluteTolerance = 1e-9, MaxSteps = 5000 });
        SolveStatus expected = converges ? SolveStatus.Converged : SolveStatus.Diverged;
        Assert.All(solution.Report.Samples, sample => Assert.Equal(expected, sample.Status));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.25)]
    [InlineData(0.4)]
    [InlineData(0.6)]
    public void Picard_takes_the_steps_that_the_factor_says_and_the_measured_factor_is_that_one(double step)
    {
        // Residuals fall by max(|1 - step m|, |1 - step L|): exactly where q is an eigenvector of that eigenvalue, never slower.
        using DisposeScope scope = NewDisposeScope();
        (double m, double l, double tolerance) = (0.5, 3, 1e-8);
        (Tensor matrix, Tensor q) = Quadratic(m, l, size: 8, batch: 4);
        double factor = Math.Max(Math.Abs(1 - (step * m)), Math.Abs(1 - (step * l)));
        (Tensor values, Tensor vectors) = linalg.eigh(matrix);
        q[0] = vectors.select(1, ((1 - (step * values)).abs()).argmax().ToInt64());
        using EnergyOperator energy = new(new QuadraticEnergy(matrix), step);
        using FixedPointMap map = energy.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, energy.StartingLatent(q), stopping: new StoppingRule { AbsoluteTolerance = tolerance, MaxSteps = 5000, RelativeTolerance = 0 });
        double[] starts = [.. (q.norm(1) * step).data<double>()];
        int[] theory = [.. starts.Select(start => 1 + (int)Math.Ceiling(Math.Log(tolerance / start) / Math.Log(factor)))];
        Assert.True(solution.Report.AllConverged);
        Assert.InRange(solution.Report.Samples[0].Steps, theory[0] - 1, theory[0] + 1);
        Assert.All(solution.Report.Samples.Zip(theory), pair => Assert.InRange(pair.First.Steps, 1, pair.Second + 1));
        Assert.All(Contraction.Measure(map, solution.Latent, iterations: 500), measured => Assert.Equal(factor, measured, 1e-6));
    }

    [Fact]
    public void Where_the_energy_is_known_to_be_strongly_convex_reports_bound_the_distance_to_its_minimum()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrix, Tensor q) = Quadratic(0.5, 3, size: 8, batch: 4);
        (_, Tensor vectors) = linalg.eigh(matrix);
        q[0] = vectors.select(1, 0);
        using EnergyOperator energy = new(new QuadraticEnergy(matrix), 0.4) { StrongConvexity = 0.5 };
        using FixedPointMap map = energy.Bind(q);
        Tensor exact = linalg.solve(matrix, q.t()).t();
        foreach (int steps in new[] { 1, 5, 20 })
        {
            using FixedPointSolution solution = FixedPoint.Solve(
                map, energy.StartingLatent(q), stopping: new StoppingRule { AbsoluteTolerance = 1e-14, RelativeTolerance = 0, MaxSteps = steps });
            double[] distances = [.. (solution.Latent - exact).norm(1).data<double>()];
            Assert.All(distances.Zip(solution.Report.Samples), pair => Assert.InRange(pair.First, 0, (double)pair.Second.ErrorBound! * (1 + 1e-12)));

            // Along the eigenvector of the least eigenvalue nothing is lost.
            Assert.Equal(distances[0], (double)solution.Report.Samples[0].ErrorBound!, 1e-9);
        }

        foreach (double convexity in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentOutOfRangeException>(
                nameof(EnergyOperator.StrongConvexity), () => new EnergyOperator(new EnergyOf((u, _) => u.sum(1)), 1) { StrongConvexity = convexity });
        }
    }

    [Fact]
    public void The_Jacobian_of_a_learned_energy_is_symmetric_and_products_with_it_are_those_of_the_map_as_autograd_gives_them()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        using EnergyOperator energy = new(new ConvexEnergy(6, 9), 0.4);
        (Tensor q, Tensor u) = (randn([3, 6], ScalarType.Float64), randn([3, 6], ScalarType.Float64));
        using FixedPointMap map = energy.Bind(q);
        using PerSampleMap undeclared = new(map.Evaluate);
        using Linearization declared = new(map, u, "");
        using Linearization plain = new(undeclared, u, "");
        Tensor identity = eye(6, dtype: ScalarType.Float64);
        Tensor[] columns = [.. Enumerable.Range(0, 6).Select(i => plain.Product(identity[i].expand(3, 6)))];
        Tensor dense = stack(columns, 2);
        Assert.True((dense - dense.transpose(1, 2)).abs().max().ToDouble() < 1e-15);
        foreach (int i in Enumerable.Range(0, 6))
        {
            Tensor direction = identity[i].expand(3, 6);
            Assert.True((declared.Product(direction) - columns[i]).abs().max().ToDouble() < 1e-15);
            Assert.True((declared.TransposeProduct(direction) - columns[i]).abs().max().ToDouble() < 1e-15);
            Assert.True((declared.Apply(direction) - direction + columns[i]).abs().max().ToDouble() < 1e-15);
        }

        // The Hessian itself, by hand: I + W^T diag(s (1 - s)) W, s the logistic function of 2 (W u + b).
        Tensor weight = energy.state_dict()["energy.linear.weight"], bias = energy.state_dict()["energy.linear.bias"];
        Tensor logistic = ((u.mm(weight.t()) + bias) * 2).sigmoid();
        Tensor hessian = identity + (weight.t() * (logistic * (1 - logistic)).unsqueeze(1)).bmm(weight.expand(3, 9, 6));
        Assert.True((dense - (identity - (hessian * 0.4))).abs().max().ToDouble() < 1e-14);
    }

    [Theory]
    [InlineData(ScalarType.Float64, 1e-12)]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 0.05)]
    public void One_application_is_a_step_down_the_gradient_in_every_mode_dtype_and_layout(ScalarType dtype, double accuracy)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        using EnergyOperator energy = new(new ConvexEnergy(24, 9, dtype), 0.4);
        foreach (long batch in new[] { 0L, 1L, 5L })
        {
            Tensor q = randn([batch, 4, 2, 3]).to(dtype);
            Tensor u = randn([batch, 2, 3, 4]).to(dtype).permute(0, 3, 1, 2);
            Tensor weight = energy.state_dict()["energy.linear.weight"].detach(), bias = energy.state_dict()["energy.linear.bias"].detach();
            Tensor hidden = ((u.flatten(1).mm(weight.t()) + bias) * 2).sigmoid();
            Tensor expected = u - ((u - q + (hidden.mm(weight) / 2).reshape(q.shape)) * 0.4);
            Tensor graph = energy.call(u, q);
            Assert.True(graph.requires_grad);
            using (no_grad())
            {
                Tensor plain = energy.call(u, q);
                Assert.False(plain.requires_grad);
                AssertClose(plain);
            }

            using (inference_mode())
            {
                AssertClose(energy.call(u.clone(), q.clone()));
            }

            AssertClose(graph.detach());

            void AssertClose(Tensor found)
            {
                Assert.Equal((u.dtype, batch), (found.dtype, found.shape[0]));
                Assert.Equal(u.shape, found.shape);
                Assert.True(batch == 0 || (found - expected).abs().max().ToDouble() < accuracy);
            }
        }
    }

    [Fact]
    public void A_samples_answer_is_the_same_alone_and_in_any_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        using EnergyOperator energy = new(new ConvexEnergy(6, 9), 0.4);
        Tensor q = randn([40, 6], ScalarType.Float64) * logspace(-2, 2, 40, dtype: ScalarType.Float64).unsqueeze(1);
        StoppingRule stopping = new() { AbsoluteTolerance = 1e-9 };
        using ImplicitLayer layer = new(energy) { Stopping = stopping };
        Tensor together = layer.call(q).detach();
        foreach (int i in new[] { 0, 17, 39 })
        {
            Assert.True((layer.call(q.narrow(0, i, 1)).detach() - together[i]).abs().max().ToDouble() < 1e-12);
        }
    }

    [Fact]
    public void A_latent_of_another_shape_than_q_is_said_by_its_shape()
    {
        using DisposeScope scope = NewDisposeScope();
        EnergyOf module = new((u, q) => (u.square().sum(1) / 2) - (u * q.narrow(1, 0, 3) * q.narrow(1, 3, 3)).sum(1));
        using EnergyOperator energy = new(module, 0.5, shape => [shape[0] / 2]);
        using ImplicitLayer layer = new(energy) { Stopping = new StoppingRule { AbsoluteTolerance = 1e-12 } };
        Tensor q = randn([4, 6], ScalarType.Float64);
        Assert.True((layer.call(q) - (q.narrow(1, 0, 3) * q.narrow(1, 3, 3))).abs().max().ToDouble() < 1e-11);
    }

    public static TheoryData<string, string> WrongEnergies => new()
    {
        { "column", "one number for each sample, [3]. It is [3, 1]" },
        { "scalar", "one number for each sample, [3]. It is" },
        { "shorter", "one number for each sample, [3]. It is [2]" },
        { "whole numbers", "one number for each sample, [3]. It is [3] Int64" },
        { "detached", "does not depend on u, or its graph does not lead to u" },
        { "of q alone", "does not depend on u, or its graph does not lead to u" },
        { "null", "returned null" },
    };

    [Theory]
    [MemberData(nameof(WrongEnergies))]
    public void What_is_no_energy_is_refused_in_one_line_in_every_mode(string kind, string expected)
    {
        using DisposeScope scope = NewDisposeScope();
        EnergyOf module = new((u, q) => kind switch
        {
            "column" => u.square().sum(1, keepdim: true),
            "scalar" => u.square().sum(),
            "shorter" => u.square().sum(1).narrow(0, 0, 2),
            "whole numbers" => u.square().sum(1).to(ScalarType.Int64),
            "detached" => u.detach().square().sum(1),
            "of q alone" => q.square().sum(1),
            _ => null!,
        });
        using EnergyOperator energy = new(module, 0.5);
        Tensor q = randn(3, 4).requires_grad_();
        Tensor u = randn(3, 4);
        AssertRefused();
        using (no_grad())
        {
            AssertRefused();
        }

        using ImplicitLayer layer = new(energy);
        AssertMessage(Assert.ThrowsAny<Exception>(() => layer.call(q)));

        void AssertRefused() => AssertMessage(Assert.ThrowsAny<Exception>(() => energy.call(u, q)));

        void AssertMessage(Exception exception)
        {
            Assert.True(exception is ArgumentException or InvalidOperationException, exception.ToString());
            Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', exception.Message);
        }
    }

    [Fact]
    public void Parts_that_are_no_one_function_and_steps_that_are_none_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (double step in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentOutOfRangeException>("step", () => new EnergyOperator(new EnergyOf((u, _) => u.sum(1)), step));
        }

        Assert.Throws<ArgumentNullException>("energy", () => new EnergyOperator(null!, 1));
        using EnergyOperator energy = new(new WithDropout(), 0.5);
        Tensor q = randn(3, 4);
        Assert.Contains("Dropout", Assert.Throws<InvalidOperationException>(() => energy.Bind(q)).Message, StringComparison.Ordinal);
        energy.eval();
        energy.Bind(q).Dispose();
    }

    /// <summary>A symmetric matrix with eigenvalues from the least to the largest, and some q.</summary>
    private static (Tensor Matrix, Tensor Q) Quadratic(double least, double largest, long size, long batch)
    {
        random.manual_seed(21);
        (Tensor basis, _) = linalg.qr(randn([size, size], ScalarType.Float64));
        Tensor matrix = (basis * linspace(least, largest, size, dtype: ScalarType.Float64)).mm(basis.t());
        return ((matrix + matrix.t()) / 2, randn([batch, size], ScalarType.Float64));
    }

    private sealed class WithDropout : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Dropout _dropout = nn.Dropout(0.1);

        public WithDropout()
            : base(nameof(WithDropout)) => RegisterComponents();

        public override Tensor forward(Tensor u, Tensor q) => _dropout.call(u - q).square().sum(1);
    }
}
