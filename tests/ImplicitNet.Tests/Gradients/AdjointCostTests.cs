using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>What the backward pass of an exact gradient pays for, when samples need different numbers of products.</summary>
public sealed class AdjointCostTests(ITestOutputHelper output) : TensorTest
{
    private const int Batch = 64;
    private const int Size = 24;

    /// <summary>63 samples that need 3 products and one that needs 22, of a map counted from outside.</summary>
    [Fact]
    public void Samples_whose_adjoint_solve_has_ended_are_not_paid_for_to_the_end()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        Tensor matrix = randn(Size, Size, ScalarType.Float64);
        matrix = matrix / linalg.norm(matrix, 2);
        Tensor sizes = full([Batch, 1], 1e-4, ScalarType.Float64);
        sizes[17] = 0.97;
        Tensor q = randn(Batch, Size, ScalarType.Float64);
        long evaluations = 0;
        using PerSampleMap map = new(
            (u, inputs) =>
            {
                evaluations += u.shape[0];
                return (u.mm(inputs.Shared[0]) * inputs.PerSample[1]) + inputs.PerSample[0];
            },
            new MapInputs { PerSample = [q.requires_grad_(), sizes], Shared = [matrix], Parameters = [] });
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), new AndersonSolver(), new StoppingRule { MaxSteps = 500 });
        GradientReport report = new();
        Tensor slope = randn(Batch, Size, ScalarType.Float64);
        Tensor loss = (new ImplicitGradient { Solver = new GmresSolver() }.Attach(map, solution, report) * slope).sum();
        evaluations = 0;
        loss.backward();
        report.ThrowIfFailed();

        // q is reached by the direction itself: w = (I - J^T)^-1 g for every sample.
        Tensor systems = eye(Size, dtype: ScalarType.Float64) - (matrix.unsqueeze(0) * sizes.unsqueeze(2));
        Tensor exact = linalg.solve(systems, slope.unsqueeze(2)).squeeze(2);
        Assert.True(report.AllConverged);
        Assert.InRange((q.grad! - exact).abs().max().ToDouble(), 0, 1e-8);
        int slowest = report.Samples.Max(sample => sample.Products);
        long needed = report.Samples.Sum(sample => (long)sample.Products);
        output.WriteLine($"{report}; the slowest took {slowest}, all together {needed}; {evaluations} evaluations");
        Assert.Equal(slowest, report.Samples[17].Products);
        Assert.True(slowest >= 15, $"{slowest} products");

        // The evaluation of all, what each needs, and one sample's linearization, found worth it when the others had left.
        Assert.Equal(Batch + 1, evaluations);
        Assert.InRange(report.Products, Batch + needed, Batch + needed + Batch);
        Assert.True(report.Products < Batch * slowest / 3, $"{report.Products} of {Batch * (slowest + 1)}");
    }
}
