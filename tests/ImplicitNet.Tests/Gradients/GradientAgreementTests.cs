using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

public sealed class GradientAgreementTests : TensorTest
{
    private static readonly Dictionary<string, LinearSolver> Solvers = new()
    {
        ["gmres"] = new GmresSolver { MaxProducts = 500 },
        ["bicgstab"] = new BicgstabSolver { MaxProducts = 500 },
        ["cgnr"] = new CgnrSolver { MaxProducts = 2000 },
        ["picard"] = new FixedPointLinearSolver { MaxSteps = 2000 },
        ["anderson"] = new FixedPointLinearSolver { Solver = new AndersonSolver(), MaxSteps = 1000 },
        ["broyden"] = new FixedPointLinearSolver { Solver = new BroydenSolver { Memory = 50 }, MaxSteps = 1000 },
    };

    public static TheoryData<string, string> ProblemsAndSolvers
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string problem in GradientProblem.Names.Select(row => row.Data))
            {
                foreach (string solver in Solvers.Keys)
                {
                    cases.Add(problem, solver);
                }
            }

            return cases;
        }
    }

    public static TheoryData<string> Problems => GradientProblem.Names;

    [Theory]
    [MemberData(nameof(ProblemsAndSolvers))]
    public void The_exact_gradient_agrees_with_the_dense_inverse(string name, string solver)
    {
        using GradientProblem problem = GradientProblem.Get(name);
        using DisposeScope scope = NewDisposeScope();
        Tensor[] expected = problem.Exact();
        Tensor[] found = Gradients(problem, new ImplicitGradient { Solver = Solvers[solver], RelativeTolerance = 1e-12 }, out GradientReport report);
        Assert.True(report.AllConverged, report.ToString());
        AssertClose(expected, found, 1e-10);
    }

    [Theory]
    [MemberData(nameof(Problems))]
    public void The_exact_gradient_agrees_with_a_long_unroll_and_with_central_differences(string name)
    {
        using GradientProblem problem = GradientProblem.Get(name);
        using DisposeScope scope = NewDisposeScope();
        Tensor[] found = Gradients(problem, Tight, out _);

        // By torch alone, from zeros.
        using (FixedPointMap map = problem.Bind())
        {
            Tensor latent = zeros_like(problem.Dense().Latent);
            for (int step = 0; step < 300; step++)
            {
                latent = map.Evaluate(latent);
            }

            AssertClose(Backward(problem, problem.Loss(latent)), found, 1e-8);
        }

        Tensor[] values = [.. problem.Parameters.Select(parameter => parameter.detach().clone())];
        foreach ((int index, Tensor value) in values.Index())
        {
            Tensor along = randn_like(value);
            double central = (At(1e-5) - At(-1e-5)) / 2e-5;
            double expected = (found[index] * along).sum().ToDouble();
            Assert.True(Math.Abs(central - expected) <= 1e-6 * (1 + Math.Abs(expected)), $"central difference {central:g10}, gradient {expected:g10}");

            double At(double step) => problem.LossAt([.. values.Select((other, i) => i == index ? other + (along * step) : other)]);
        }
    }

    [Theory]
    [MemberData(nameof(Problems))]
    public void The_products_with_J_and_its_transpose_are_adjoint(string name)
    {
        using GradientProblem problem = GradientProblem.Get(name);
        using DisposeScope scope = NewDisposeScope();
        using FixedPointMap map = problem.Bind();
        using FixedPointSolution solution = problem.Solve(map);
        using Linearization linearization = new(map, solution.Latent, "");
        Tensor v = randn_like(solution.Latent);
        Tensor w = randn_like(solution.Latent);
        double left = (linearization.Product(v) * w).sum().ToDouble();
        double right = (v * linearization.TransposeProduct(w)).sum().ToDouble();
        Assert.Equal(left, right, 1e-12);
        Tensor rows = linearization.Flatten(v);
        Assert.True((linearization.Apply(rows) - linearization.Flatten(v - linearization.Product(v))).abs().max().ToDouble() < 1e-14);
        Tensor transposed = linearization.Flatten(v - linearization.TransposeProduct(v));
        Assert.True((linearization.ApplyTransposed(rows) - transposed).abs().max().ToDouble() < 1e-14);
    }

    [Theory]
    [MemberData(nameof(Problems))]
    public void The_shortest_of_every_family_is_JFB_exactly(string name)
    {
        using GradientProblem problem = GradientProblem.Get(name);
        using DisposeScope scope = NewDisposeScope();
        Tensor[] jfb = Gradients(problem, new JacobianFreeGradient(), out _);
        foreach (FixedPointGradient gradient in new FixedPointGradient[]
        {
            new NeumannGradient { Terms = 0 }, new PhantomGradient { Steps = 1, Damping = 1 }, new RefinedGradient { Products = 0 }, new UnrolledGradient { Steps = 1 },
        })
        {
            Tensor[] found = Gradients(problem, gradient, out _);
            Assert.All(jfb.Zip(found), pair => Assert.True(pair.First.equal(pair.Second).all().ToBoolean(), gradient.ToString()));
        }
    }

    [Theory]
    [InlineData("gmres")]
    [InlineData("bicgstab")]
    [InlineData("cg")]
    [InlineData("cgnr")]
    [InlineData("picard")]
    [InlineData("anderson")]
    [InlineData("broyden")]
    public void The_scalar_case_of_the_literature_gives_sixteen_and_eight(string solver)
    {
        // u = a u + b at a = 1/2, b = 1: u* = 2; the gradient of u*^2 is 16 in a and 8 in b.
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(0.5, ScalarType.Float64).requires_grad_();
        Tensor b = tensor(1.0, ScalarType.Float64).requires_grad_();
        using PerSampleMap map = new(u => (u * a) + b);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, 1, ScalarType.Float64), stopping: new StoppingRule { AbsoluteTolerance = 1e-13 });
        LinearSolver linear = solver == "cg" ? new ConjugateGradientSolver() : Solvers[solver];
        new ImplicitGradient { Solver = linear, RelativeTolerance = 1e-12 }.Attach(map, solution).square().sum().backward();
        Assert.Equal(16, a.grad!.ToDouble(), 1e-9);
        Assert.Equal(8, b.grad!.ToDouble(), 1e-9);
    }

    [Fact]
    public void Neumann_approaches_the_exact_gradient_at_the_rate_of_the_contraction()
    {
        using GradientProblem problem = GradientProblem.Get("linear");
        using DisposeScope scope = NewDisposeScope();
        Tensor[] exact = problem.Exact();
        double scale = Norm(exact);
        foreach (int terms in new[] { 0, 1, 2, 5, 10, 20, 40 })
        {
            // ||w_k - w|| = ||(J^T)^(k+1) w|| <= gamma^(k+1) ||w||; J is the same for every sample here, and ||W|| = 0.85.
            double error = Norm([.. Gradients(problem, new NeumannGradient { Terms = terms }, out _).Zip(exact, (a, b) => a - b)]);
            (_, Tensor gradient, Tensor latent) = problem.Dense();
            double bound = Math.Pow(0.85, terms + 1) / (1 - 0.85) * gradient.norm().ToDouble() * Math.Sqrt(1 + latent.square().sum().ToDouble());
            Assert.True(error <= bound + 1e-12, $"{terms} terms: error {error:g4}, bound {bound:g4}, gradient {scale:g4}");
        }
    }

    [Theory]
    [MemberData(nameof(ProblemsAndSolvers))]
    public void A_refined_direction_leaves_no_more_than_JFB(string name, string solver)
    {
        using GradientProblem problem = GradientProblem.Get(name);
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrix, Tensor gradient, Tensor latent) = problem.Dense();
        using FixedPointMap map = problem.Bind();
        double before = double.PositiveInfinity;
        foreach (int products in new[] { 0, 1, 2, 3, 5, 8, 13, 40 })
        {
            using Linearization linearization = new(map, latent, "");
            RefinedGradient refined = new() { Products = products, Solver = Solvers[solver] };
            Tensor direction = refined.Direction(new AdjointContext(gradient, linearization, null, new GradientReport()));
            double left = (gradient.reshape(-1) - matrix.mv(direction.reshape(-1))).norm().ToDouble();
            before = products == 0 ? left : before;
            Assert.True(left <= before * (1 + 1e-9), $"{products} products leave {left:g4}, JFB {before:g4}");
        }
    }

    [Theory]
    [MemberData(nameof(Problems))]
    public void Checkpoints_change_nothing(string name)
    {
        using GradientProblem problem = GradientProblem.Get(name);
        using DisposeScope scope = NewDisposeScope();
        using FixedPointMap map = problem.Bind();
        using FixedPointSolution solution = problem.Solve(map);
        Tensor latent = solution.Latent;
        for (int step = 0; step < 23; step++)
        {
            latent = map.Evaluate(latent);
        }

        Tensor[] plain = Backward(problem, problem.Loss(latent));
        AssertClose(plain, Gradients(problem, new UnrolledGradient { Steps = 23 }, out GradientReport report), 1e-13);
        Assert.True(report.Products > 0);
    }

    [Fact]
    public void The_inverse_of_a_Broyden_solve_comes_closer_than_JFB_and_refined_it_is_exact()
    {
        using GradientProblem problem = GradientProblem.Get("linear");
        using DisposeScope scope = NewDisposeScope();
        BroydenSolver broyden = new() { Memory = 60, KeepInverse = true };
        Tensor[] exact = problem.Exact();
        double jfb = Distance(Gradients(problem, new JacobianFreeGradient(), out _), exact);
        double reused = Distance(Gradients(problem, new InverseReuseGradient(), out _, broyden), exact);
        double refined = Distance(Gradients(problem, new InverseReuseGradient { Products = 60, Solver = new GmresSolver() }, out _, broyden), exact);
        Assert.True(reused < 0.75 * jfb, $"JFB {jfb:g3}, reused {reused:g3}");
        Assert.True(refined < 1e-5, $"{refined:g3}");
        Assert.Throws<InvalidOperationException>(() => Gradients(problem, new InverseReuseGradient(), out _));
    }

    [Fact]
    public void A_solve_that_took_no_step_has_learned_nothing_and_is_JFB()
    {
        using GradientProblem problem = GradientProblem.Get("linear");
        using DisposeScope scope = NewDisposeScope();
        Tensor[] jfb = Gradients(problem, new JacobianFreeGradient(), out _);
        using FixedPointMap map = problem.Bind();
        using FixedPointSolution first = problem.Solve(map);
        using FixedPointSolution again = FixedPoint.Solve(map, first.Latent, new BroydenSolver { KeepInverse = true }, new StoppingRule { AbsoluteTolerance = 1e-10 });
        Assert.Equal(1, again.Report.MaxSteps);
        AssertClose(jfb, Backward(problem, problem.Loss(new InverseReuseGradient().Attach(map, again))), 1e-12);
    }

    /// <summary>The gradient of q is the direction itself, so each row shows which one its sample took.</summary>
    [Fact]
    public void A_sample_whose_inverse_is_out_of_proportion_falls_back_to_JFB_alone()
    {
        using GradientProblem problem = GradientProblem.Get("linear");
        using DisposeScope scope = NewDisposeScope();
        BroydenSolver broyden = new() { Memory = 60, KeepInverse = true };
        Tensor plain = Gradients(problem, new JacobianFreeGradient(), out _, broyden)[1];
        Tensor reused = Gradients(problem, new InverseReuseGradient { LargestRatio = 1e9 }, out GradientReport none, broyden)[1];
        Assert.Equal(0, none.FallBacks);
        double[] ratios = (linalg.vector_norm(reused, 2, [1]) / linalg.vector_norm(plain, 2, [1])).data<double>().ToArray();
        double[] sorted = [.. ratios.Order()];
        double limit = (sorted[^2] + sorted[^3]) / 2;
        Assert.InRange(limit, 1.001 * Math.Max(1, sorted[^3]), 0.999 * sorted[^2]);
        Tensor found = Gradients(problem, new InverseReuseGradient { LargestRatio = limit }, out GradientReport report, broyden)[1];
        Assert.Equal(2, report.FallBacks);
        for (int sample = 0; sample < ratios.Length; sample++)
        {
            AssertClose([(ratios[sample] > limit ? plain : reused)[sample]], [found[sample]], 1e-12);
        }
    }

    private static ImplicitGradient Tight => new() { Solver = new GmresSolver { MaxProducts = 500 }, RelativeTolerance = 1e-12 };

    private static Tensor[] Gradients(GradientProblem problem, FixedPointGradient gradient, out GradientReport report, FixedPointSolver? solver = null)
    {
        using FixedPointMap map = problem.Bind();
        using FixedPointSolution solution = problem.Solve(map, solver);
        report = new GradientReport();
        Tensor[] found = Backward(problem, problem.Loss(gradient.Attach(map, solution, report)));
        report.ThrowIfFailed();
        return found;
    }

    private static Tensor[] Backward(GradientProblem problem, Tensor loss)
    {
        loss.backward();
        Tensor[] found = [.. problem.Parameters.Select(parameter => parameter.grad!.clone())];
        foreach (Tensor parameter in problem.Parameters)
        {
            parameter.grad!.zero_();
        }

        return found;
    }

    private static void AssertClose(Tensor[] expected, Tensor[] found, double tolerance) =>
        Assert.True(Distance(found, expected) <= tolerance, $"relative distance {Distance(found, expected):g4}");

    private static double Distance(Tensor[] found, Tensor[] expected) =>
        Norm([.. found.Zip(expected, (a, b) => a - b)]) / Norm(expected);

    private static double Norm(IEnumerable<Tensor> tensors) => Math.Sqrt(tensors.Sum(tensor => tensor.square().sum().ToDouble()));
}
