using ImplicitNet.Solvers;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class ResidualMeasurementTests : TensorTest
{
    public static TheoryData<string> Norms => ["L2", "RootMeanSquare", "Max"];

    [Theory]
    [MemberData(nameof(Norms))]
    public void The_value_and_the_residual_of_a_map_give_the_same_numbers(string norm)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        StoppingRule stopping = new() { Norm = Norm(norm), RelativeTolerance = 1e-3, AbsoluteTolerance = 1e-4 };

        // Sizes below, at and above whole vectors; a batch of one, and of none.
        foreach (long[] shape in new long[][] { [3, 1], [2, 7], [4, 16], [5, 33], [1, 1000], [2, 3, 9, 9], [0, 5], [3, 0], [4] })
        {
            foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16 })
            {
                if (norm == "Max" && shape.Contains(0))
                {
                    continue;
                }

                Tensor latent = randn(shape).to(dtype);
                Tensor mapped = latent + randn(shape).to(dtype) * 0.01;
                AssertSame(new FixedPointStep(latent, mapped - latent), FixedPointStep.OfMapped(latent, mapped), stopping);
            }
        }
    }

    [Fact]
    public void The_layouts_of_latent_and_value_may_differ()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        Tensor first = randn(4, 3, 5, 6);
        Tensor last = randn(4, 5, 6, 3).permute(0, 3, 1, 2);
        Tensor sliced = randn(4, 3, 5, 12).slice(3, 0, 12, 2);
        Tensor expanded = randn(1, 3, 5, 6).expand(4, 3, 5, 6);
        Tensor[] all = [first, last, sliced, expanded];
        foreach ((Tensor latent, Tensor mapped) in all.SelectMany(latent => all.Select(mapped => (latent, mapped))))
        {
            AssertSame(new FixedPointStep(latent, mapped - latent), FixedPointStep.OfMapped(latent, mapped), new StoppingRule());
        }
    }

    [Fact]
    public void A_row_that_is_not_finite_spoils_no_other_and_one_whose_squares_overflow_is_measured()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor latent = ones(4, 20);
        Tensor mapped = ones(4, 20) * 1.5;
        mapped[1, 19] = double.NaN;
        mapped[2, 0] = double.PositiveInfinity;
        latent[3] = full(20, 1e30);
        (double[] residuals, double[] ratios, _) = ResidualMeasurement.Of(FixedPointStep.OfMapped(latent, mapped), new StoppingRule());
        Assert.Equal(Math.Sqrt(20) / 2, residuals[0], 1e-6);
        Assert.Equal([double.NaN, double.PositiveInfinity], residuals[1..3]);
        Assert.Equal(1, residuals[3] / (Math.Sqrt(20) * 1e30), 1e-6);
        Assert.InRange(ratios[0], 4000, 6000);
        Assert.All(ratios[1..], ratio => Assert.False(ratio <= 1));
    }

    [Fact]
    public void A_row_is_measured_as_in_any_batch_bit_by_bit()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor latent = randn(7, 45);
        Tensor mapped = randn(7, 45);
        (double[] residuals, double[] ratios, _) = ResidualMeasurement.Of(FixedPointStep.OfMapped(latent, mapped), new StoppingRule());
        for (int row = 0; row < 7; row++)
        {
            FixedPointStep alone = FixedPointStep.OfMapped(latent.slice(0, row, row + 1, 1), mapped.slice(0, row, row + 1, 1));
            (double[] residual, double[] ratio, _) = ResidualMeasurement.Of(alone, new StoppingRule());
            Assert.Equal([residuals[row]], residual);
            Assert.Equal([ratios[row]], ratio);
        }
    }

    private static void AssertSame(FixedPointStep expected, FixedPointStep actual, StoppingRule stopping)
    {
        (double[] residuals, double[] ratios, _) = ResidualMeasurement.Of(expected, stopping);
        (double[] otherResiduals, double[] otherRatios, _) = ResidualMeasurement.Of(actual, stopping);
        Assert.Equal(residuals.Length, otherResiduals.Length);
        Assert.All(residuals.Zip(otherResiduals), pair => Assert.Equal(pair.First, pair.Second, 2e-6 * pair.First));
        Assert.All(ratios.Zip(otherRatios), pair => Assert.Equal(pair.First, pair.Second, 2e-6 * pair.First));
    }

    private static ResidualNorm Norm(string name) => name switch
    {
        "L2" => ResidualNorm.L2,
        "RootMeanSquare" => ResidualNorm.RootMeanSquare,
        _ => ResidualNorm.Max,
    };
}
