using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>Gradients through a small multiscale operator that contracts, in float64, against central differences along a direction of all weights.</summary>
public sealed class MultiscaleGradientTests : TensorTest
{
    private const double Step = 2e-6;

    [Fact]
    public void The_exact_gradient_is_that_of_the_fixed_point()
    {
        using DisposeScope scope = NewDisposeScope();
        using Problem problem = new();
        Compare(problem, new ImplicitGradient { Solver = new GmresSolver(), RelativeTolerance = 1e-12 }, () => problem.Loss(problem.Solved()), 1e-6);
    }

    [Fact]
    public void JFB_is_the_gradient_of_one_step_from_a_constant()
    {
        using DisposeScope scope = NewDisposeScope();
        using Problem problem = new();
        Tensor solved = problem.Solved();
        Compare(problem, new JacobianFreeGradient(), () => problem.Loss(problem.Stepped(solved)), 1e-6);
    }

    [Fact]
    public void Phantom_steps_are_differentiated_as_what_they_are()
    {
        using DisposeScope scope = NewDisposeScope();
        using Problem problem = new();
        Tensor solved = problem.Solved();
        Compare(
            problem,
            new PhantomGradient { Steps = 2, Damping = 0.5 },
            () => problem.Loss(Enumerable.Range(0, 2).Aggregate(solved, (u, _) => (u * 0.5) + (problem.Stepped(u) * 0.5))),
            1e-6);
    }

    [Fact]
    public void The_second_derivative_is_that_of_the_fixed_point()
    {
        using DisposeScope scope = NewDisposeScope();
        using Problem problem = new();
        using ImplicitNetwork network = problem.Network(new JacobianFreeGradient());
        Tensor direction = randn_like(problem.Q), other = randn_like(problem.Q);
        Tensor First(Tensor q, bool createGraph) =>
            VectorProducts.TransposeProduct(problem.Loss(network.call(q)), q, ones([], ScalarType.Float64), createGraph);
        Tensor q = problem.Q.clone().requires_grad_();
        Tensor first = First(q, createGraph: true);
        double second = (VectorProducts.TransposeProduct(first, q, other) * direction).sum().ToDouble();
        double Moved(double step) => (First((problem.Q + (direction * step)).requires_grad_(), createGraph: true).detach() * other).sum().ToDouble();
        double expected = (Moved(Step) - Moved(-Step)) / (2 * Step);
        Assert.Equal(expected, second, 1e-5 * Math.Max(1, Math.Abs(expected)));
        Assert.NotEqual(0, expected, 1e-3);
    }

    private static void Compare(Problem problem, FixedPointGradient gradient, Func<Tensor> loss, double tolerance)
    {
        Dictionary<Parameter, Tensor> directions = problem.Operator.parameters().ToDictionary(parameter => parameter, parameter => randn_like(parameter));
        using ImplicitNetwork network = problem.Network(gradient);
        problem.Loss(network.call(problem.Q)).backward();
        double derivative = directions.Sum(pair => (pair.Key.grad! * pair.Value).sum().ToDouble());
        Assert.All(directions.Keys, parameter => Assert.NotEqual(0, parameter.grad!.abs().sum().ToDouble()));
        using IDisposable noGraph = no_grad();
        double Moved(double step)
        {
            foreach ((Parameter parameter, Tensor direction) in directions)
            {
                parameter.add_(direction * step);
            }

            return loss().ToDouble();
        }

        double ahead = Moved(Step), behind = Moved(-2 * Step);
        double expected = (ahead - behind) / (2 * Step);
        Assert.Equal(expected, derivative, tolerance * Math.Max(1, Math.Abs(expected)));
        Assert.NotEqual(0, expected, 1e-3);
    }

    private sealed class Problem : IDisposable
    {
        private static readonly SolveSettings Settings = new()
        {
            Solver = new AndersonSolver(),
            Stopping = new StoppingRule { RelativeTolerance = 1e-13, MaxSteps = 300 },
        };

        private readonly Tensor _weights;

        public Problem()
        {
            random.manual_seed(11);
            Operator = new MultiscaleOperator([4, 6], (4, 3), expansion: 2, dtype: ScalarType.Float64);
            MultiscaleOperatorTests.Draw(Operator);
            Q = randn(2, 4, 4, 3, dtype: ScalarType.Float64) * 3;
            _weights = randn(2, Operator.Scales.Size, dtype: ScalarType.Float64);
        }

        public MultiscaleOperator Operator { get; }

        public Tensor Q { get; }

        public ImplicitNetwork Network(FixedPointGradient gradient) =>
            new(nn.Identity(), Operator, nn.Identity()) { Settings = Settings with { Gradient = gradient } };

        public Tensor Loss(Tensor latent) => (latent * _weights).sum() + latent.square().sum();

        public Tensor Stepped(Tensor latent) => Operator.call(latent, Q);

        public Tensor Solved()
        {
            using IDisposable noGraph = no_grad();
            using FixedPointMap map = Operator.Bind(Q);
            using FixedPointSolution solution = FixedPoint.Solve(map, Operator.StartingLatent(Q), Settings.Solver, Settings.Stopping);
            Assert.True(solution.Report.AllConverged, solution.Report.ToString());
            return solution.Latent.clone();
        }

        public void Dispose() => Operator.Dispose();
    }
}
