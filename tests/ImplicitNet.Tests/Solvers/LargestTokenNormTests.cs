using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class LargestTokenNormTests : TensorTest
{
    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    public void It_is_the_length_of_the_longest_group_of_elements_in_a_row(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = tensor(new double[,] { { 3, -4, 1, 0, 0, 2 }, { 0, 0, 0, 0, 0, 0 }, { 1, 0, -6, 8, 0, 3 } }).to(dtype);
        Assert.Equal([5, 0, 10], ResidualNorm.LargestToken(2).Measure(rows).data<double>().ToArray());
        Assert.Equal([4, 0, 8], ResidualNorm.LargestToken(1).Measure(rows).data<double>().ToArray());
        Assert.Equal(ResidualNorm.L2.Measure(rows).data<double>().ToArray(), ResidualNorm.LargestToken(6).Measure(rows).data<double>().ToArray());
        Assert.Equal([5, 0, 10], ResidualNorm.LargestToken(2).Measure(rows.T.contiguous().T).data<double>().ToArray());
        Assert.Equal([0.0, 0], ResidualNorm.LargestToken(2).Measure(zeros(2, 0)).data<double>().ToArray());
        Assert.Equal(0, ResidualNorm.LargestToken(2).Measure(zeros(0, 4)).numel());
    }

    [Fact]
    public void No_square_leaves_the_range_and_what_is_not_finite_stays_that()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = tensor(new double[,] { { 3, 4, 1, 1 }, { double.NaN, 0, 9, 9 }, { 1, 1, double.NegativeInfinity, 0 } });
        ResidualNorm norm = ResidualNorm.LargestToken(2);
        Assert.Equal([5, double.NaN, double.PositiveInfinity], norm.Measure(rows).data<double>().ToArray());
        foreach (int exponent in new[] { -1060, -600, 600, 1020 })
        {
            Assert.Equal(Math.ScaleB(5, exponent), norm.Measure(rows.narrow(0, 0, 1) * Math.ScaleB(1, exponent)).ToDouble());
        }
    }

    /// <summary>A part of three elements meets two of two elements, and the other way round: 1 and 1 in either, of length sqrt(2).</summary>
    [Theory]
    [InlineData(2, 3, 6, 1.4142135623730951)]
    [InlineData(3, 2, 6, 1.4142135623730951)]
    [InlineData(2, 4, 8, 1)]
    [InlineData(4, 2, 8, 1.4142135623730951)]
    [InlineData(5, 2, 10, 1.7320508075688772)]
    public void The_constant_between_tokens_of_two_sizes_is_that_of_the_parts_which_meet(int channels, int others, int count, double expected)
    {
        using DisposeScope scope = NewDisposeScope();
        (ResidualNorm norm, ResidualNorm other) = (ResidualNorm.LargestToken(channels), ResidualNorm.LargestToken(others));
        Assert.Equal(expected, new ErrorBound(1, norm).PerUnitOf(other, count)!.Value, 1e-14);
        random.manual_seed(8);

        // All vectors of zeros and ones are among them, and it is at one of those that the constant is met.
        Tensor bits = arange(1, 1 << count).unsqueeze(1).bitwise_right_shift(arange(count).unsqueeze(0)).bitwise_and(1).to(ScalarType.Float64);
        Tensor rows = cat([bits, randn(500, count, ScalarType.Float64)]);
        Assert.Equal(expected, (norm.Measure(rows) / other.Measure(rows)).max().ToDouble(), 1e-14);
    }

    [Fact]
    public void Tokens_of_one_size_are_one_norm_and_what_is_no_token_is_refused()
    {
        Assert.Equal(ResidualNorm.LargestToken(3), ResidualNorm.LargestToken(3));
        Assert.NotEqual(ResidualNorm.LargestToken(3), ResidualNorm.LargestToken(2));
        Assert.Equal("largest token", ResidualNorm.LargestToken(3).ToString());
        Assert.Throws<ArgumentOutOfRangeException>("channels", () => ResidualNorm.LargestToken(0));
        Assert.Null(new ErrorBound(1, ResidualNorm.LargestToken(3)).PerUnitOf(ResidualNorm.L2, 4));
        using Tensor start = zeros(2, 4);
        using PerSampleMap map = new(u => u / 2);
        string message = Assert.Throws<ArgumentException>(
            () => FixedPoint.Solve(map, start, stopping: new StoppingRule { Norm = ResidualNorm.LargestToken(3) })).Message;
        Assert.StartsWith("A norm of tokens of 3 channels measures latents of so many elements, or a multiple. Given: 4.", message, StringComparison.Ordinal);
    }

    /// <summary>Channels last in memory: a token's are those of its index.</summary>
    [Fact]
    public void A_solve_measures_tokens_by_their_indices_whatever_the_memory_is()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = arange(12, ScalarType.Float64).reshape(1, 3, 4);
        foreach (Tensor each in new[] { q, q.transpose(1, 2).contiguous().transpose(1, 2) })
        {
            using PerSampleMap map = new((u, x) => (u / 2) + x, each);
            using FixedPointSolution solution = FixedPoint.Solve(
                map, zeros_like(each), stopping: new StoppingRule { Norm = ResidualNorm.LargestToken(4), MaxSteps = 1 });
            Assert.Equal(Math.Sqrt(64 + 81 + 100 + 121), solution.Report.Samples[0].Residual, 1e-12);
        }
    }

    /// <summary>
    /// Blocks p_ij O_ij with O_ij orthogonal: the norm is the largest sum of a row of |p|, since directions can be turned into one. A row of
    /// several blocks that are not alike is measured from below.
    /// </summary>
    [Fact]
    public void The_norm_of_a_Jacobian_of_turned_tokens_is_the_largest_sum_of_a_row()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        foreach ((ScalarType dtype, double error) in new[] { (ScalarType.Float64, 1e-9), (ScalarType.Float32, 1e-5) })
        {
            Tensor mixing = randn(4, 4, ScalarType.Float64);
            Tensor matrix = zeros(12, 12, ScalarType.Float64);
            for (int to = 0; to < 4; to++)
            {
                for (int from = 0; from < 4; from++)
                {
                    (Tensor turn, _) = linalg.qr(randn(3, 3, ScalarType.Float64));
                    matrix.narrow(0, 3 * to, 3).narrow(1, 3 * from, 3).copy_(turn * mixing[to, from]);
                }
            }

            using PerSampleMap map = new(u => u.reshape(-1, 12).mm(matrix.T.to(dtype)).reshape(-1, 4, 3));
            double expected = mixing.abs().sum(1).max().ToDouble();
            Assert.All(
                Contraction.Measure(map, randn(2, 4, 3).to(dtype), norm: ResidualNorm.LargestToken(3)),
                measured => Assert.Equal(expected, measured, error * expected));
            double one = matrix.abs().sum(1).max().ToDouble();
            Assert.All(
                Contraction.Measure(map, randn(2, 4, 3).to(dtype), norm: ResidualNorm.LargestToken(1)),
                measured => Assert.InRange(measured, 0.9 * one, one * (1 + error)));
        }
    }
}
