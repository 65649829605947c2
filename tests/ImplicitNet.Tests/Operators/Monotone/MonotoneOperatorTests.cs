using ImplicitNet.Certification;
using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators.Monotone;

public sealed class MonotoneOperatorTests : TensorTest
{
    public static TheoryData<string, string> Gradients
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string kind in MonotoneCases.Kinds)
            {
                foreach (string solver in (string[])["gmres", "forward-backward", "peaceman-rachford"])
                {
                    cases.Add(kind, solver);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Gradients))]
    public void Every_exact_gradient_is_that_of_central_differences(string kind, string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(31);
        MonotoneLayer monotone = MonotoneCases.Create(kind, 2);
        using ImplicitLayer layer = new(new MonotoneOperator(monotone, LatentActivation.Tanh));
        layer.Stopping = new StoppingRule { RelativeTolerance = 1e-11, MaxSteps = 100_000 };
        layer.Gradient = solver switch
        {
            "gmres" => new ImplicitGradient { RelativeTolerance = 1e-11 },
            _ => new ImplicitGradient
            {
                RelativeTolerance = 1e-11,
                Solver = new SplittingLinearSolver { Solver = MonotoneCases.Solver(solver), MaxSteps = 100_000 },
            },
        };
        Tensor q = randn([2, .. MonotoneCases.Shape(kind)], ScalarType.Float64).requires_grad_();
        Tensor weights = randn_like(q);
        Tensor loss = (layer.call(q) * weights).sum();
        loss.backward();
        foreach (Tensor source in (Tensor[])[q, .. layer.parameters()])
        {
            Tensor direction = randn_like(source);
            double slope = (source.grad! * direction).sum().ToDouble();
            double difference = Difference(() => (layer.call(q) * weights).sum().ToDouble(), source, direction, 1e-4);
            Assert.InRange(Math.Abs(slope - difference), 0, 2e-7 * (1 + Math.Abs(difference)));
        }
    }

    [Fact]
    public void One_dimension_has_the_derivatives_of_its_closed_form()
    {
        // u* = x / (m + a^2) for x > 0.
        using DisposeScope scope = NewDisposeScope();
        MonotoneLinear linear = new(1, 0.5, dtype: ScalarType.Float64);
        using (no_grad())
        {
            linear.Symmetric.fill_(1.5);
        }

        using ImplicitLayer layer = new(new MonotoneOperator(linear));
        layer.Stopping = new StoppingRule { RelativeTolerance = 1e-14, MaxSteps = 10_000 };
        layer.Gradient = new ImplicitGradient { Solver = new SplittingLinearSolver(), RelativeTolerance = 1e-13 };
        Tensor x = tensor(new double[,] { { 3 } }).requires_grad_();
        Tensor u = layer.call(x);
        IReadOnlyList<Tensor?> first = VectorProducts.TransposeProducts(u, [x, linear.Symmetric], ones_like(u));
        double sum = 0.5 + (1.5 * 1.5);
        Assert.InRange(Math.Abs(u.ToDouble() - (3 / sum)), 0, 1e-9);
        Assert.InRange(Math.Abs(first[0]!.ToDouble() - (1 / sum)), 0, 1e-9);
        Assert.InRange(Math.Abs(first[1]!.ToDouble() - (-2 * 1.5 * 3 / sum / sum)), 0, 1e-9);
    }

    [Theory]
    [InlineData("linear", typeof(PeacemanRachfordSolver))]
    [InlineData("circular", typeof(PeacemanRachfordSolver))]
    [InlineData("zeros", typeof(ForwardBackwardSolver))]
    [InlineData("pyramid", typeof(ForwardBackwardSolver))]
    public void A_network_solves_by_what_its_operator_names(string kind, Type solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(32);
        using ImplicitLayer layer = new(new MonotoneOperator(MonotoneCases.Create(kind)));
        Assert.IsType(solver, layer.Solver);
        layer.Stopping = new StoppingRule { MaxSteps = 5000 };
        using ImplicitResult result = layer.Run(randn([3, .. MonotoneCases.Shape(kind)], ScalarType.Float64));
        Assert.True(result.Report.AllConverged, result.Report.ToString());
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("circular")]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void JFB_is_one_application_and_its_certificate_says_what_it_is_worth(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(33);
        using ImplicitLayer layer = new(new MonotoneOperator(MonotoneCases.Create(kind, 1, ScalarType.Float32)));
        layer.Stopping = new StoppingRule { MaxSteps = 5000, RelativeTolerance = 1e-5 };
        Tensor q = randn([3, .. MonotoneCases.Shape(kind)]);
        GradientCertificate jfb = new GradientCertifier().Certify(layer, () => layer.call(q).square().flatten(1).sum([1L]));
        Assert.Null(jfb.Contraction.Certified);
        Assert.InRange(jfb.Gradient.Cosine, 0.1, 0.9999);
        layer.Gradient = new ImplicitGradient { Solver = new SplittingLinearSolver() };
        GradientCertificate exact = new GradientCertifier().Certify(layer, () => layer.call(q).square().flatten(1).sum([1L]));
        Assert.InRange(exact.Gradient.RelativeError, 0, 1e-4);
    }

    [Fact]
    public void The_dtype_and_shape_of_q_are_checked()
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneOperator latentOperator = new(new MonotoneLinear(3));
        Assert.Throws<ArgumentException>(() => latentOperator.Bind(ones(2, 4)));
        Assert.Throws<ArgumentException>(() => latentOperator.Bind(ones(2, 3, dtype: ScalarType.Float64)));
        using FixedPointMap empty = latentOperator.Bind(zeros(0, 3));
        using FixedPointSolution solution = FixedPoint.Solve(empty, zeros(0, 3));
        Assert.True(solution.Report.AllConverged);
    }

    private static double Difference(Func<double> value, Tensor source, Tensor direction, double step)
    {
        using IDisposable noGraph = no_grad();
        source.add_(direction, alpha: step);
        double above = value();
        source.add_(direction, alpha: -2 * step);
        double below = value();
        source.add_(direction, alpha: step);
        return (above - below) / (2 * step);
    }
}
