using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class LargestPartNormTests : TensorTest
{
    [Fact]
    public void It_is_the_largest_root_mean_square_of_a_part()
    {
        using DisposeScope scope = NewDisposeScope();
        ResidualNorm norm = ResidualNorm.LargestPart([4, 2]);
        double[,] rows = { { 3, 3, 3, 3, 1, 1 }, { 1, 1, 1, 1, 3, -4 }, { 0, 0, 0, 0, 0, 0 } };
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            double[] measured = norm.Measure(tensor(rows).to(dtype)).data<double>().ToArray();
            Assert.Equal(3, measured[0], 1e-12);
            Assert.Equal(Math.Sqrt(12.5), measured[1], 1e-12);
            Assert.Equal(0, measured[2]);
        }

        Assert.True(double.IsNaN(norm.Measure(tensor(new double[,] { { 1, 1, 1, 1, double.NaN, 1 } })).ToDouble()));
        Assert.Equal(0, norm.Measure(zeros(0, 6)).numel());
        Assert.Equal(norm, LatentTuple.OfImages((1, 2, 2), (2, 1, 1)).Norm);
        Assert.NotEqual(norm, ResidualNorm.LargestPart([2, 4]));
        Assert.Equal(norm.GetHashCode(), ResidualNorm.LargestPart([4, 2]).GetHashCode());
    }

    // u of the small part, 2 of 1,002 numbers, halves its distance to the fixed point 1 in each step, and the large part is at its own:
    // the small part's residual after k steps is 2^-(k + 1), a root mean square of 1 beside it.
    [Fact]
    public void A_small_part_does_not_drown_in_a_large_one()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            Tensor half = cat([ones(1000, dtype), full([2], 0.5, dtype)]).unsqueeze(0);
            using PerSampleMap map = new(u => 1 + ((u - 1) * half.expand(u.shape)));
            Tensor start = cat([ones([3, 1000], dtype), zeros([3, 2], dtype)], 1);
            StoppingRule rule = new() { RelativeTolerance = 1.001e-3, Norm = ResidualNorm.LargestPart([1000, 2]) };
            using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: rule);

            // 2^-10 is the first below 1e-3: the residual of the tenth iterate, which is u_9. By L2 it would have been the sixth.
            Assert.All(solution.Report.Samples, sample => Assert.Equal((10, Math.Pow(2, -10)), (sample.Steps, sample.Residual)));
            using FixedPointSolution drowned = FixedPoint.Solve(map, start, stopping: rule with { Norm = ResidualNorm.RootMeanSquare });
            Assert.All(drowned.Report.Samples, sample => Assert.Equal(6, sample.Steps));
        }
    }

    [Fact]
    public void Sizes_that_make_no_norm_are_refused_and_latents_of_another_size_too()
    {
        Assert.Throws<ArgumentException>(() => ResidualNorm.LargestPart([]));
        Assert.Throws<ArgumentException>(() => ResidualNorm.LargestPart([3, 0]));
        Assert.Throws<ArgumentNullException>(() => ResidualNorm.LargestPart(null!));
        using PerSampleMap map = new(u => u / 2);
        using Tensor start = ones(2, 5);
        Assert.StartsWith(
            "A norm of parts of [4, 2] elements measures latents of 6. Given: 5.",
            Assert.Throws<ArgumentException>(
                () => FixedPoint.Solve(map, start, stopping: new StoppingRule { Norm = ResidualNorm.LargestPart([4, 2]) })).Message,
            StringComparison.Ordinal);
    }
}
