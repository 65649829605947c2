using ImplicitNet.Models.Problems;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>
/// The map u -> A u + b with A random symmetric, 50 x 50, spectral radius 0.9, float64: where a limited memory must
/// wrap, and where known implementations stop or return NaN.
/// </summary>
public sealed class SymmetricMapTests(ITestOutputHelper output) : TensorTest
{
    private static readonly double[] Tolerances = [1e-3, 1e-6, 1e-9];

    [Theory]
    [InlineData(10)]
    [InlineData(50)]
    public void Broyden_reaches_every_tolerance_in_far_fewer_steps_than_picard(int memory)
    {
        int[] picard = Steps(new PicardSolver());
        int[] broyden = Steps(new BroydenSolver { Memory = memory });
        output.WriteLine($"Picard:             {string.Join(" / ", picard)} steps to {string.Join(" / ", Tolerances)}");
        output.WriteLine($"Broyden, memory {memory}: {string.Join(" / ", broyden)}");
        Assert.All(broyden.Zip(picard), pair => Assert.InRange(pair.First, 1, (pair.Second / 2) + 1));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void A_memory_that_wraps_often_still_arrives(int memory) =>
        Assert.InRange(Steps(new BroydenSolver { Memory = memory })[^1], 1, 150);

    /// <summary>Steps until the residual is at most each of the tolerances, absolute.</summary>
    private static int[] Steps(FixedPointSolver solver)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrix, Tensor offset) = SymmetricMap.Draw(11);
        using PerSampleMap map = SymmetricMap.Create(matrix, offset);
        ResidualTrace trace = new();
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros(1, 50, ScalarType.Float64), solver, new StoppingRule { AbsoluteTolerance = 1e-9, MaxSteps = 400 }, trace);
        solution.Report.ThrowIfFailed();
        return [.. Tolerances.Select(tolerance => 1 + trace.Samples[0].Index().First(entry => entry.Item.Residual <= tolerance).Index)];
    }
}
