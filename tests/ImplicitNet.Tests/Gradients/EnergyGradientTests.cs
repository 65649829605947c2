using ImplicitNet.Certification;
using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Operators;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>Gradients through steps down an energy, whose adjoint equation is symmetric: closed forms, dense matrices, differences.</summary>
public sealed class EnergyGradientTests(ITestOutputHelper output) : TensorTest
{
    private static readonly Dictionary<string, LinearSolver> Solvers = new()
    {
        ["gmres"] = new GmresSolver(),
        ["cg"] = new ConjugateGradientSolver(),
        ["picard"] = new FixedPointLinearSolver { MaxSteps = 500 },
        ["anderson"] = new FixedPointLinearSolver { Solver = new AndersonSolver() },
    };

    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-13, RelativeTolerance = 0, MaxSteps = 2000 };

    public static TheoryData<string> SolverNames => [.. Solvers.Keys];

    public static TheoryData<string> Modes => GradientCases.Names;

    [Theory]
    [MemberData(nameof(SolverNames))]
    public void Every_solver_gives_the_gradients_of_a_quadratic_energy(string solver)
    {
        // With w = H^-1 g: dL/dq = w and dL/dH = -(w u^T + u w^T) / 2, summed over samples.
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrix, Tensor q) = Quadratic(linspace(0.5, 3, 10, dtype: ScalarType.Float64));
        QuadraticEnergy quadratic = new(matrix);
        using EnergyOperator energy = new(quadratic, 2 / 3.5);
        GradientReport report = new();
        Tensor u = Attached(energy, q, new ImplicitGradient { Solver = Solvers[solver], RelativeTolerance = 1e-12 }, report);
        u.pow(4).sum().backward();
        report.ThrowIfFailed();
        Assert.True(report.AllConverged, report.ToString());
        Tensor exact = linalg.solve(matrix, q.detach().t()).t();
        Tensor direction = linalg.solve(matrix, (exact.pow(3) * 4).t()).t();
        Tensor outer = direction.t().mm(exact);
        AssertClose(direction, q.grad!, 1e-9);
        AssertClose(-(outer + outer.t()) / 2, (quadratic.Matrix.grad! + quadratic.Matrix.grad!.t()) / 2, 1e-9);
    }

    [Fact]
    public void Backward_Picard_falls_by_the_factor_of_the_forward_one_and_conjugate_gradients_take_a_product_an_eigenvalue()
    {
        using DisposeScope scope = NewDisposeScope();
        (double m, double l, double step, double tolerance) = (0.5, 2, 0.6, 1e-8);
        Tensor values = tensor(new[] { m, m, m, 1, 1, 1.5, 1.5, l, l, l });
        (Tensor matrix, Tensor q) = Quadratic(values);
        using EnergyOperator energy = new(new QuadraticEnergy(matrix), step);
        double factor = Math.Max(Math.Abs(1 - (step * m)), Math.Abs(1 - (step * l)));
        GradientReport picard = new();
        Attached(energy, q, new ImplicitGradient { Solver = Solvers["picard"], RelativeTolerance = tolerance }, picard).sum().backward();

        // It begins at w = g, whose residual is J g.
        int theory = (int)Math.Ceiling(Math.Log(tolerance) / Math.Log(factor));
        Assert.All(picard.Samples, sample => Assert.InRange(sample.Products, theory - 12, theory + 2));
        GradientReport conjugate = new();
        Attached(energy, q, new ImplicitGradient { Solver = Solvers["cg"], RelativeTolerance = tolerance }, conjugate).sum().backward();

        // Four eigenvalues and a product that measures: symmetry is known, and none is spent on it.
        Assert.All(conjugate.Samples, sample => Assert.Equal((LinearStatus.Converged, 5), (sample.Status, sample.Products)));
    }

    [Fact]
    public void The_gradient_of_a_learned_energy_agrees_with_the_dense_inverse_a_long_unroll_and_differences()
    {
        using DisposeScope scope = NewDisposeScope();
        (EnergyOperator energy, Tensor q) = Learned();
        using EnergyOperator owned = energy;
        foreach (string solver in Solvers.Keys)
        {
            AssertAllClose(Dense(energy, q), Gradients(energy, q, new ImplicitGradient { Solver = Solvers[solver], RelativeTolerance = 1e-12 }), 1e-9);
        }

        AssertAllClose(Dense(energy, q), Gradients(energy, q, new UnrolledGradient { Steps = 200 }), 1e-9);
        Tensor[] exact = Dense(energy, q);
        foreach ((int index, Tensor value) in Variables(energy, q).Index())
        {
            Tensor along = randn_like(value.detach());
            double central = (At(1e-5) - At(-1e-5)) / 2e-5;
            Assert.Equal((exact[index] * along).sum().ToDouble(), central, 1e-7);

            double At(double length)
            {
                using IDisposable noGraph = no_grad();
                value.add_(along * length);
                using FixedPointMap map = energy.Bind(q);
                using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), stopping: Tight);
                value.sub_(along * length);
                return Loss(solution.Latent).ToDouble();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Every_gradient_goes_through_a_learned_energy(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        (EnergyOperator energy, Tensor q) = Learned();
        using EnergyOperator owned = energy;
        Tensor[] found = Gradients(energy, q, GradientCases.Get(mode));
        Tensor[] exact = Dense(energy, q);
        double cosine = Dot(found, exact) / Math.Sqrt(Dot(found, found) * Dot(exact, exact));
        Assert.InRange(cosine, 0.9, 1 + 1e-12);
        if (mode is "jfb")
        {
            // One step at a constant u*: what a plain backward pass through it gives.
            using FixedPointMap map = energy.Bind(q);
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), stopping: Tight);
            Tensor value = map.Evaluate(solution.Latent);
            Tensor[] plain = [.. VectorProducts.TransposeProducts(value, Variables(energy, q), LossGradient(value)).Select(each => each!)];
            AssertAllClose(plain, found, 1e-12);
        }
    }

    [Fact]
    public void A_penalty_on_the_Jacobian_is_differentiated_through_the_energy()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrix, Tensor q) = Quadratic(linspace(0.5, 3, 6, dtype: ScalarType.Float64));
        QuadraticEnergy quadratic = new(matrix);
        using EnergyOperator energy = new(quadratic, 0.3);
        using FixedPointMap map = energy.Bind(q);
        Tensor penalty = new JacobianPenalty { Weight = 1, Probes = 4000 }.Estimate(map, zeros_like(q.detach()));
        penalty.mean().backward();

        // ||I - 0.3 H||_F^2 / n, and its derivative in H.
        Tensor jacobian = eye(6, dtype: ScalarType.Float64) - (matrix * 0.3);
        double expected = jacobian.square().sum().ToDouble() / 6;
        Assert.Equal(expected, penalty.mean().ToDouble(), 0.02 * expected);
        Tensor slope = jacobian * (-0.6 / 6);
        Tensor found = (quadratic.Matrix.grad! + quadratic.Matrix.grad!.t()) / 2;
        Assert.True((found - slope).norm().ToDouble() < 0.05 * slope.norm().ToDouble());
    }

    [Fact]
    public void A_certificate_says_what_JFB_is_worth_on_it()
    {
        using DisposeScope scope = NewDisposeScope();
        (EnergyOperator energy, Tensor q) = Learned();
        using ImplicitNetwork network = new(nn.Identity(), energy, nn.Identity()) { Stopping = Tight };
        Tensor data = q.detach();
        GradientCertifier certifier = new() { PowerIterations = 200, Reference = new ConjugateGradientSolver() };
        GradientCertificate jfb = certifier.Certify(network, data, output => output.pow(4).sum(1));
        Assert.Equal(Verdict.Good, jfb.Verdict);
        Assert.InRange(jfb.Gradient.Cosine, 0.9, 0.9999999);
        network.Gradient = new ImplicitGradient { Solver = new ConjugateGradientSolver(), RelativeTolerance = 1e-12 };
        GradientCertificate exact = certifier.Certify(network, data, output => output.pow(4).sum(1));
        Assert.Equal(1, exact.Gradient.Cosine, 1e-10);

        // The factor is the largest |1 - step times eigenvalue| of the Hessian at u*.
        using FixedPointMap map = energy.Bind(data);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(data), stopping: Tight);
        double factor = linalg.eigvalsh(Jacobians(map, solution.Latent)).abs().max().ToDouble();
        Assert.Equal(factor, jfb.Contraction.Measured, 1e-4);
        Assert.Null(jfb.Contraction.Certified);
    }

    [Fact]
    public void A_learned_energy_denoises_steps_better_than_any_linear_smoothing_of_its_kind()
    {
        // Piecewise constant signals in noise of variance 0.09. E = ||u - q||^2 / 2 + sum log cosh(K u): its minimum for small K is linear
        // smoothing, as ||K u||^2 / 2 would give; for large K it keeps edges.
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        using EnergyOperator energy = new(new EdgeEnergy(filters: 2), 0.3);
        using ImplicitLayer layer = new(energy)
        {
            Gradient = new ImplicitGradient { Solver = new ConjugateGradientSolver(), RelativeTolerance = 1e-3 },
            Solver = new AndersonSolver(),
            Stopping = new StoppingRule { RelativeTolerance = 1e-3, MaxSteps = 100 },
            OnFailure = new AcceptMaxSteps(),
        };
        using optim.Optimizer optimizer = optim.Adam(layer.parameters(), 0.03);
        for (int iteration = 0; iteration < 40; iteration++)
        {
            using DisposeScope step = NewDisposeScope();
            (Tensor clean, Tensor noisy) = Signals(16);
            optimizer.zero_grad();
            Tensor loss = (layer.call(noisy) - clean).square().mean();
            loss.backward();
            optimizer.step();
        }

        using IDisposable noGraph = no_grad();
        (Tensor signals, Tensor input) = Signals(100);
        double learned = (layer.call(input) - signals).square().mean().ToDouble();

        // The best that a fixed weight on squared differences reaches on the very signals that are judged.
        Tensor difference = eye(64) - eye(64).roll(1, 0);
        difference[0] = 0;
        double linear = new[] { 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.4, 2, 3 }.Min(weight =>
            (linalg.solve(eye(64) + (difference.t().mm(difference) * weight), input.squeeze(1).t()).t() - signals.squeeze(1)).square().mean().ToDouble());
        output.WriteLine($"learned {learned:g4}, linear {linear:g4}, noise 0.09");
        Assert.True(learned < 0.85 * linear, $"learned {learned:g4}, linear {linear:g4}, noise 0.09");
    }

    private static (Tensor Clean, Tensor Noisy) Signals(int count)
    {
        Tensor jumps = (rand(count, 1, 64) < 0.05).to(ScalarType.Float32) * randn(count, 1, 64) * 2;
        Tensor clean = jumps.cumsum(2);
        return (clean, clean + (randn_like(clean) * 0.3));
    }

    private static (Tensor Matrix, Tensor Q) Quadratic(Tensor values)
    {
        random.manual_seed(21);
        long size = values.numel();
        (Tensor basis, _) = linalg.qr(randn([size, size], ScalarType.Float64));
        Tensor matrix = (basis * values).mm(basis.t());
        return ((matrix + matrix.t()) / 2, randn([5, size], ScalarType.Float64).requires_grad_());
    }

    private static (EnergyOperator Energy, Tensor Q) Learned()
    {
        random.manual_seed(22);
        return (new EnergyOperator(new ConvexEnergy(6, 9), 0.7), (randn([4, 6], ScalarType.Float64) * 2).requires_grad_());
    }

    private static Tensor[] Variables(EnergyOperator energy, Tensor q) => [.. energy.parameters(), q];

    private static Tensor Attached(EnergyOperator energy, Tensor q, FixedPointGradient gradient, GradientReport report)
    {
        using FixedPointMap map = energy.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, energy.StartingLatent(q), new BroydenSolver { KeepInverse = true }, Tight);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        return gradient.Attach(map, solution, report);
    }

    private static Tensor[] Gradients(EnergyOperator energy, Tensor q, FixedPointGradient gradient)
    {
        GradientReport report = new();
        Tensor loss = Loss(Attached(energy, q, gradient, report));
        Tensor[] found = [.. VectorProducts.TransposeProducts(loss, Variables(energy, q), tensor(1.0, ScalarType.Float64)).Select(each => each!)];
        report.ThrowIfFailed();
        return found;
    }

    /// <summary>(I - J)^-1 by a dense solve for every sample, then one step.</summary>
    private static Tensor[] Dense(EnergyOperator energy, Tensor q)
    {
        using FixedPointMap map = energy.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q.detach()), stopping: Tight);
        Tensor matrices = eye(6, dtype: ScalarType.Float64) - Jacobians(map, solution.Latent);
        Tensor direction = linalg.solve(matrices, LossGradient(solution.Latent).unsqueeze(2)).squeeze(2);
        Tensor value = map.Evaluate(solution.Latent);
        return [.. VectorProducts.TransposeProducts(value, Variables(energy, q), direction).Select(each => each!)];
    }

    private static Tensor Jacobians(FixedPointMap map, Tensor latent)
    {
        Tensor point = latent.detach().requires_grad_();
        Tensor value = map.Evaluate(point);
        long size = latent.shape[1];
        Tensor identity = eye(size, dtype: ScalarType.Float64);
        return stack([.. Enumerable.Range(0, (int)size)
            .Select(i => VectorProducts.TransposeProduct(value, point, identity[i].expand_as(value)).detach())], 1);
    }

    private static Tensor Loss(Tensor u) => u.pow(4).sum() + u.sin().sum();

    private static Tensor LossGradient(Tensor u) => (u.pow(3) * 4 + u.cos()).detach();

    private static void AssertClose(Tensor expected, Tensor found, double tolerance) =>
        Assert.True((expected - found).norm().ToDouble() <= tolerance * expected.norm().ToDouble());

    private static void AssertAllClose(Tensor[] expected, Tensor[] found, double tolerance)
    {
        Tensor[] apart = [.. expected.Zip(found, (one, other) => one - other)];
        double distance = Math.Sqrt(Dot(apart, apart) / Dot(expected, expected));
        Assert.True(distance <= tolerance, $"relative distance {distance:g4}");
    }

    private static double Dot(Tensor[] left, Tensor[] right) => left.Zip(right, (one, other) => (one * other).sum().ToDouble()).Sum();

    private sealed class EdgeEnergy : nn.Module<Tensor, Tensor, Tensor>
    {
        private const double Sharpness = 8;

        [ComponentName(Name = "filters")]
        private readonly Conv1d _filters;

        public EdgeEnergy(int filters)
            : base(nameof(EdgeEnergy))
        {
            _filters = nn.Conv1d(1, filters, 2, bias: false);
            nn.init.normal_(_filters.weight, 0, 0.1);
            RegisterComponents();
        }

        // log cosh(8 x) / 8 is nearly |x|. log cosh x = |x| + softplus(-2 |x|) - log 2: no overflow; what is filtered has no border.
        public override Tensor forward(Tensor u, Tensor q)
        {
            Tensor filtered = _filters.call(u);
            Tensor size = filtered.abs() * Sharpness;
            Tensor edges = (size + nn.functional.softplus(size * -2, 1, 20)) / Sharpness;
            return ((u - q).square().flatten(1).sum(1) / 2) + edges.flatten(1).sum(1);
        }
    }
}
