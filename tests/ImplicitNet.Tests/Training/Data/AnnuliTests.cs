using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

public sealed class AnnuliTests : TensorTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_quarter_of_the_points_is_in_the_ball_and_the_rest_in_the_shell_uniformly(int dimensions)
    {
        using DisposeScope scope = NewDisposeScope();
        Annuli annuli = new(dimensions, 4_000, batchSize: 4_000, seed: 3);
        using Batch batch = annuli.First(4_000);
        Assert.Equal(($"annuli in {dimensions} dimensions", dimensions), (annuli.Name, annuli.Dimensions));
        Assert.Equal((ScalarType.Float32, ScalarType.Float32), (batch.Inputs.dtype, batch.Targets.dtype));
        Assert.Equal([4_000, dimensions], batch.Inputs.shape);
        Assert.Equal([4_000, 1], batch.Targets.shape);
        double[] radii = [.. batch.Inputs.to(ScalarType.Float64).norm(1).data<double>()];
        float[] sides = [.. batch.Targets.data<float>()];
        double[] ball = [.. radii.Where((_, place) => sides[place] == -1)], shell = [.. radii.Where((_, place) => sides[place] == 1)];
        Assert.Equal((1_000, 3_000), (ball.Length, shell.Length));
        Assert.All(ball, radius => Assert.InRange(radius, 0, 0.5));
        Assert.All(shell, radius => Assert.InRange(radius, 1, 1.5));

        // The share of the volume within a radius is uniform over [0, 1]: mean 1/2, deviation 1 / sqrt(12); 5 standard errors.
        AssertUniform(ball.Select(radius => Math.Pow(radius / 0.5, dimensions)));
        double inner = 1, outer = Math.Pow(1.5, dimensions);
        AssertUniform(shell.Select(radius => (Math.Pow(radius, dimensions) - inner) / (outer - inner)));
        double middle = batch.Inputs.mean([0]).abs().max().ToDouble();
        Assert.InRange(middle, 0, 5 * 1.5 / Math.Sqrt(4_000));
    }

    [Fact]
    public void Points_of_parts_and_seeds_differ_and_those_of_one_are_the_same()
    {
        using DisposeScope scope = NewDisposeScope();
        float[] Drawn(long seed, DataPart part)
        {
            using Batch batch = new Annuli(2, 50, seed: seed) { Part = part }.First(50);
            return [.. batch.Inputs.data<float>()];
        }

        float[] first = Drawn(1, DataPart.Training);
        Assert.Equal(first, Drawn(1, DataPart.Training));
        Assert.Empty(first.Intersect(Drawn(2, DataPart.Training)));
        Assert.Empty(first.Intersect(Drawn(1, DataPart.Test)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void Other_dimensions_are_refused(int dimensions) =>
        Assert.Equal("dimensions", Assert.Throws<ArgumentOutOfRangeException>(() => new Annuli(dimensions, 4)).ParamName);

    private static void AssertUniform(IEnumerable<double> shares)
    {
        double[] all = [.. shares];
        Assert.InRange(all.Average(), 0.5 - (5 / Math.Sqrt(12 * all.Length)), 0.5 + (5 / Math.Sqrt(12 * all.Length)));
    }
}
