using System.Runtime.InteropServices;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>What a map computes with is changed between forward and backward: the gradient of before, or an error, never another one.</summary>
public sealed class ChangedTensorTests : TensorTest
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string mode in GradientCases.Names.Select(row => row.Data))
            {
                foreach (string what in new[] { "parameter of a module", "frozen parameter of a module", "captured tensor", "q" })
                {
                    cases.Add(mode, what);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_gradient_is_of_the_tensors_of_the_forward_pass_or_an_error(string mode, string what)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor expected = Gradient(mode, what, change: 1)!;
        Assert.True(expected.isfinite().all().ToBoolean());
        foreach (double change in new[] { 0.2, 1 + 1e-6 })
        {
            Tensor? found = Gradient(mode, what, change);
            Assert.True(found is null || found.allclose(expected, 1e-12, 1e-12), $"times {change}: {found} instead of {expected}");
        }
    }

    [Theory]
    [InlineData("neumann")]
    [InlineData("refined")]
    [InlineData("implicit")]
    [InlineData("unrolled")]
    public void A_change_of_what_the_map_names_is_thrown_by_backward_itself_before_an_optimizer_can_step(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Func<Linear, Tensor, Tensor> changed in new Func<Linear, Tensor, Tensor>[] { (linear, _) => linear.weight!, (_, q) => q })
        {
            using Linear linear = nn.Linear(4, 4);
            using ImplicitLayer layer = new(new ModuleOperator(new Residual(linear))) { Gradient = GradientCases.Get(mode) };
            Tensor input = randn(3, 4).requires_grad_(), q = input * 1;
            Tensor loss = layer.call(q).square().sum();
            using (no_grad())
            {
                changed(linear, q).mul_(0.2);
            }

            ExternalException thrown = Assert.Throws<ExternalException>(() => loss.backward());
            Assert.Contains("modified by an inplace operation", thrown.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>q's gradient; null where an error said that something was changed.</summary>
    private static Tensor? Gradient(string mode, string what, double change)
    {
        random.manual_seed(1);
        Linear linear = nn.Linear(4, 4, dtype: ScalarType.Float64);
        Tensor input = randn(3, 4, ScalarType.Float64).requires_grad_();
        Tensor q = input * 1;
        linear.weight!.requires_grad_(what.StartsWith("parameter", StringComparison.Ordinal));
        using ModuleOperator module = new(new Residual(linear));
        GradientReport report = new();
        using FixedPointMap map = what == "captured tensor" ? new PerSampleMap((u, x) => linear.call(u * 0.8).tanh() + x, q) : module.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros(3, 4, ScalarType.Float64), new BroydenSolver { KeepInverse = true }, new StoppingRule { RelativeTolerance = 1e-10 });
        Tensor loss = GradientCases.Get(mode).Attach(map, solution, report).square().sum();
        if (change != 1)
        {
            using IDisposable noGraph = no_grad();
            (what == "q" ? q : linear.weight!).mul_(change);
        }

        try
        {
            loss.backward();
        }
        catch (ExternalException exception)
        {
            Assert.Contains("inplace", exception.Message, StringComparison.Ordinal);
            return null;
        }

        if (report.Failure is null)
        {
            return input.grad!;
        }

        Assert.Contains("inplace", report.Failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("frame #", report.Failure.ToString(), StringComparison.Ordinal);
        Assert.True(input.grad!.isnan().all().ToBoolean());
        return null;
    }

    private sealed class Residual : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear _linear;

        public Residual(Linear linear)
            : base(nameof(Residual))
        {
            _linear = linear;
            RegisterComponents();
        }

        public override Tensor forward(Tensor u, Tensor q) => _linear.call(u * 0.8).tanh() + q;
    }
}
