using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>Maps whose value depends on u and whose graph does not: refused by all that need a Jacobian, where constant maps are not.</summary>
public sealed class HiddenGraphTests : TensorTest
{
    private static readonly Dictionary<string, Func<Tensor, Tensor, Tensor, Tensor>> Hidden = new()
    {
        ["detach"] = (u, q, w) => (u.detach() * 0.5) + q,
        ["detach, with a weight"] = (u, q, w) => (u.detach() * w) + q,
        ["no_grad"] = (u, q, w) =>
        {
            using IDisposable noGraph = no_grad();
            return (u * 0.5) + q;
        },
        ["value of no_grad"] = (u, q, w) =>
        {
            Tensor half;
            using (no_grad())
            {
                half = u * 0.5;
            }

            return half + (q * w * 2);
        },
    };

    public static TheoryData<string> Maps => [.. Hidden.Keys];

    [Theory]
    [MemberData(nameof(Maps))]
    public void Every_use_of_a_Jacobian_refuses_it_by_the_same_words(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor w = tensor(0.5, ScalarType.Float64).requires_grad_();
        Tensor q = tensor(new double[,] { { 1, -2 }, { 0.5, 3 } }).requires_grad_();
        using PerSampleMap map = new(
            (u, inputs) => Hidden[name](u, inputs.PerSample[0], inputs.Shared[0]), new MapInputs { PerSample = [q], Shared = [w.alias()], Parameters = [] });
        Tensor start = zeros(2, 2, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, new BroydenSolver { KeepInverse = true }, new StoppingRule { AbsoluteTolerance = 1e-12 });
        List<string> said =
        [
            Message(() => FixedPoint.Solve(map, start, new NewtonKrylovSolver())),
            Message(() => Contraction.Measure(map, solution.Latent)),
            Message(() => new JacobianPenalty().Estimate(map, solution.Latent)),
        ];
        if (name != "no_grad")
        {
            foreach (FixedPointGradient gradient in new FixedPointGradient[]
            {
                new ImplicitGradient(), new NeumannGradient(), new RefinedGradient(), new InverseReuseGradient { Products = 2 },
            })
            {
                GradientReport report = new();
                gradient.Attach(map, solution, report).sum().backward();
                Assert.True(q.grad!.isnan().all().ToBoolean());
                said.Add(Message(report.ThrowIfFailed));
            }

            q.grad!.zero_();
            new JacobianFreeGradient().Attach(map, solution).sum().backward();
            Assert.True(q.grad.isfinite().all().ToBoolean());
        }

        Assert.All(said, message => Assert.Contains("The map's value depends on u, but its graph does not", message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_map_that_does_not_depend_on_u_has_the_gradient_of_its_value()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = tensor(new double[,] { { 1, -2 }, { 0.5, 3 } }).requires_grad_();
        using PerSampleMap map = new((_, inputs) => inputs.PerSample[0].square(), new MapInputs { PerSample = [q], Parameters = [] });
        foreach (string mode in GradientCases.Names.Select(row => row.Data))
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 2, ScalarType.Float64), new BroydenSolver { KeepInverse = true });
            GradientReport report = new();
            GradientCases.Get(mode).Attach(map, solution, report).sum().backward();
            report.ThrowIfFailed();
            Assert.True(q.grad!.allclose(q.detach() * 2) || mode == "phantom", mode);
            q.grad!.zero_();
        }

        using FixedPointSolution found = FixedPoint.Solve(map, zeros(2, 2, ScalarType.Float64), new NewtonKrylovSolver());
        Assert.All(Contraction.Measure(map, found.Latent), norm => Assert.Equal(0, norm));
        Assert.Equal(0, new JacobianPenalty().Estimate(map, found.Latent).sum().ToDouble());
    }

    [Fact]
    public void An_explicit_operator_goes_through_every_gradient()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = new(new ExplicitOperator(new ContractionOperator(new BoundedLinear(4, 4), 0.8)));
        foreach (FixedPointGradient gradient in new FixedPointGradient[] { new JacobianFreeGradient(), new NeumannGradient(), new RefinedGradient(), new ImplicitGradient(), new UnrolledGradient() })
        {
            layer.Gradient = gradient;
            Tensor q = ones(2, 4).requires_grad_();
            using ImplicitResult result = layer.Run(q);
            result.Output.sum().backward();
            result.Gradient.ThrowIfFailed();
            Assert.True(q.grad!.allclose(ones(2, 4)), gradient.ToString());
        }
    }

    private static string Message(Action action) => Assert.ThrowsAny<InvalidOperationException>(action).Message;
}
