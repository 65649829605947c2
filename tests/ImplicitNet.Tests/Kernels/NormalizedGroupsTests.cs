using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Kernels;

public sealed class NormalizedGroupsTests : TensorTest
{
    // Channels that fill vectors, that leave some over, and fewer than one holds; more pixels than are added up at once.
    [Theory]
    [InlineData(5, 24, 8, 9, 8)]
    [InlineData(3, 30, 5, 7, 3)]
    [InlineData(2, 3, 4, 5, 1)]
    [InlineData(1, 120, 3, 32, 32)]
    [InlineData(4, 2, 1, 1, 1)]
    public void One_pass_gives_what_torch_gives_in_several(long batch, long channels, int groups, long height, long width)
    {
        groups = channels % groups == 0 ? groups : 1;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(batch);
        Tensor Draw(ScalarType dtype) => randn([batch, height, width, channels], dtype).permute(0, 3, 1, 2);
        foreach ((ScalarType dtype, double tolerance) in ((ScalarType, double)[])[(ScalarType.Float64, 1e-12), (ScalarType.Float32, 3e-6)])
        {
            foreach (bool isRectified in (bool[])[false, true])
            {
                (Tensor x, Tensor q, Tensor u) = ((Draw(dtype) * 3) + 5, Draw(dtype), Draw(dtype));
                (Tensor weight, Tensor bias) = (rand(channels, dtype) + 0.5, randn(channels, dtype));
                NormalizedGroups.GroupNorm norm = new(groups, weight, bias, 1e-5);
                Tensor plain = Torch(x, norm), full = Torch(x + q, norm) + u;
                Tensor copy = x.clone();
                Assert.True(NormalizedGroups.TryInPlace(copy, norm, isRectified: isRectified));
                AssertClose(isRectified ? plain.relu() : plain, copy, tolerance);
                Assert.True(NormalizedGroups.TryInPlace(x, norm, q, u, isRectified));
                AssertClose(isRectified ? full.relu() : full, x, tolerance);
            }
        }
    }

    [Fact]
    public void A_mean_a_million_times_the_deviation_leaves_the_deviation()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(2);
        Tensor x = (randn(1, 8, 8, 4, dtype: ScalarType.Float64) + 1e6).permute(0, 3, 1, 2);
        NormalizedGroups.GroupNorm norm = new(2, ones(4, ScalarType.Float64), zeros(4, ScalarType.Float64), 1e-5);
        Tensor expected = Torch(x - 1e6, norm);
        Assert.True(NormalizedGroups.TryInPlace(x, norm));
        AssertClose(expected, x, 1e-8);
    }

    [Fact]
    public void A_sample_is_bit_by_bit_the_same_in_every_batch_and_what_is_not_finite_stays_its_own()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(3);
        Tensor x = randn(6, 9, 9, 12).permute(0, 3, 1, 2);
        x[2, 0, 0, 0] = float.NaN;
        NormalizedGroups.GroupNorm norm = new(4, rand(12), rand(12), 1e-5);
        Tensor alone = x.narrow(0, 5, 1).clone();
        Assert.True(NormalizedGroups.TryInPlace(x, norm, isRectified: true) && NormalizedGroups.TryInPlace(alone, norm, isRectified: true));
        Assert.True(alone.equal(x.narrow(0, 5, 1)).all().ToBoolean());
        Assert.Equal([false, false, true, false, false, false], x.flatten(1).isnan().any(1).data<bool>().ToArray());
    }

    [Fact]
    public void What_lies_otherwise_or_has_a_graph_is_left_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        NormalizedGroups.GroupNorm norm = new(2, ones(4), zeros(4), 1e-5);
        Tensor Last() => full([2, 3, 3, 4], 2.0f).permute(0, 3, 1, 2);
        Assert.False(NormalizedGroups.TryInPlace(Last(), norm));
        using IDisposable noGraph = no_grad();
        Assert.True(NormalizedGroups.TryInPlace(Last(), norm));
        Tensor[] others = [full([2, 4, 3, 3], 2.0f), Last().to(ScalarType.Float64), full([2, 3, 3, 8], 2.0f).permute(0, 3, 1, 2).narrow(1, 0, 4)];
        Assert.All(others, x =>
        {
            Assert.False(NormalizedGroups.TryInPlace(x, norm));
            Assert.True((x == 2).all().ToBoolean());
        });
        Assert.False(NormalizedGroups.TryInPlace(Last(), norm, shift: others[0]));
        Assert.False(NormalizedGroups.TryInPlace(Last(), norm, residual: Last().narrow(0, 0, 1)));
    }

    private static Tensor Torch(Tensor x, NormalizedGroups.GroupNorm norm) =>
        nn.functional.group_norm(x.contiguous(), norm.Groups, norm.Weight, norm.Bias, norm.Epsilon);

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance) =>
        Assert.InRange((expected - actual).abs().max().ToDouble(), 0, tolerance);
}
