using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class WeightedNormTests : TensorTest
{
    [Fact]
    public void It_is_the_largest_weighted_magnitude_and_repeats_its_weights_over_longer_rows()
    {
        using DisposeScope scope = NewDisposeScope();
        ResidualNorm norm = ResidualNorm.Weighted([1, 10]);
        foreach (ScalarType dtype in new[] { ScalarType.Float64, ScalarType.Float32, ScalarType.Float16 })
        {
            Assert.Equal([10.0, 3, 0], norm.Measure(tensor(new double[,] { { 3, -1 }, { -3, 0.25 }, { 0, 0 } }).to(dtype)).data<double>().ToArray());
            Assert.Equal([40.0], norm.Measure(tensor(new double[,] { { 30, 1, 2, 4 } }).to(dtype)).data<double>().ToArray());
        }

        Assert.True(double.IsNaN(norm.Measure(tensor(new double[,] { { double.NaN, 1 } })).ToDouble()));
        Assert.Equal([0.0, 0], norm.Measure(zeros(2, 0)).data<double>().ToArray());
        Assert.Equal(0, norm.Measure(zeros(0, 2)).numel());
    }

    [Fact]
    public void Equal_weights_are_the_same_norm_and_others_are_not()
    {
        double[] weights = [1, 2];
        ResidualNorm norm = ResidualNorm.Weighted(weights);
        weights[0] = 7;
        Assert.Equal(ResidualNorm.Weighted([1, 2]), norm);
        Assert.Equal(ResidualNorm.Weighted([1, 2]).GetHashCode(), norm.GetHashCode());
        Assert.NotEqual(ResidualNorm.Weighted([1, 3]), norm);
        Assert.NotEqual(ResidualNorm.Max, ResidualNorm.Weighted([1]));
    }

    [Fact]
    public void Weights_that_make_no_norm_are_refused_and_latents_of_another_size_too()
    {
        foreach (double bad in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentException>(() => ResidualNorm.Weighted([1, bad]));
        }

        Assert.Throws<ArgumentException>(() => ResidualNorm.Weighted([]));
        Assert.Throws<ArgumentNullException>(() => ResidualNorm.Weighted(null!));
        using PerSampleMap map = new(u => u / 2);
        using Tensor start = ones(2, 3);
        string message = Assert.Throws<ArgumentException>(
            () => FixedPoint.Solve(map, start, stopping: new StoppingRule { Norm = ResidualNorm.Weighted([1, 2]) })).Message;
        Assert.StartsWith("A norm of 2 weights measures latents of as many elements, or a multiple. Given: 3.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_belong_to_indices_whatever_the_memory_layout()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = zeros(1, 2, 3, ScalarType.Float64);
        q[0, 0, 2] = 1;
        Tensor turned = q.transpose(1, 2).contiguous().transpose(1, 2);
        foreach (Tensor input in new[] { q, turned })
        {
            // The residual at the start is q: 1 at an element of weight 100.
            using PerSampleMap map = new((u, x) => (u / 2) + x, input);
            using FixedPointSolution solution = FixedPoint.Solve(
                map, zeros_like(input), stopping: new StoppingRule { Norm = ResidualNorm.Weighted([1, 10, 100]), MaxSteps = 1 });
            Assert.Equal(100, solution.Report.Samples[0].Residual);
        }
    }
}
