using ImplicitNet.Gradients;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>A map that writes into its argument has the gradient of its twin that does not, and u* stays what it was.</summary>
public sealed class WritingMapTests : TensorTest
{
    public static TheoryData<string> Modes => GradientCases.Names;

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_map_that_writes_into_its_argument_has_the_gradient_of_its_twin(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        Tensor input = randn(3, 4, ScalarType.Float64);
        Tensor expected = Gradient(mode, input, isWriting: false);
        Assert.True(Gradient(mode, input, isWriting: true).allclose(expected, 1e-12, 1e-12));
    }

    [Fact]
    public void Its_norm_and_its_penalty_are_those_of_the_twin()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = ones(2, 3);
        using PerSampleMap map = new((u, x) => u.mul_(0.5).add_(x), q);
        Tensor latent = ones(2, 3);
        Assert.All(Contraction.Measure(map, latent), norm => Assert.Equal(0.5, norm, 1e-5));
        new JacobianPenalty().Estimate(map, latent);
        Assert.True(latent.equal(ones(2, 3)).all().ToBoolean());
    }

    private static Tensor Gradient(string mode, Tensor input, bool isWriting)
    {
        Tensor q = input.detach().requires_grad_();
        using PerSampleMap twin = new((u, inputs) => ((u * 0.5) + inputs.PerSample[0]).sin(), new MapInputs { PerSample = [q], Parameters = [] });
        using PerSampleMap writing = new((u, inputs) => u.mul_(0.5).add_(inputs.PerSample[0]).sin(), new MapInputs { PerSample = [q], Parameters = [] });
        using FixedPointSolution solution = FixedPoint.Solve(
            twin, zeros_like(input), new BroydenSolver { KeepInverse = true }, new StoppingRule { AbsoluteTolerance = 1e-13 });
        Tensor before = solution.Latent.clone();
        GradientReport report = new();
        GradientCases.Get(mode).Attach(isWriting ? writing : twin, solution, report).square().sum().backward();
        report.ThrowIfFailed();
        Assert.True(solution.Latent.equal(before).all().ToBoolean());
        return q.grad!;
    }
}
