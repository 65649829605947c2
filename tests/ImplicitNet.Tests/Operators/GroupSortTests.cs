using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class GroupSortTests : TensorTest
{
    [Fact]
    public void Pairs_are_sorted_and_no_length_is_lost()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(51);
        using GroupSort sort = new();
        Assert.Equal([5, 2, 1, -3], sort.call(tensor(new float[,] { { 1, 2, 5, -3 } })).data<float>().ToArray());
        Tensor x = randn([50, 3, 8], ScalarType.Float64), step = randn_like(x);
        Tensor far = (sort.call(x + step) - sort.call(x)).norm(-1) / step.norm(-1);
        Assert.InRange(far.max().ToDouble(), 0.5, 1 + 1e-12);
        Tensor near = (sort.call(x + (step * 1e-9)) - sort.call(x)).norm(-1) / step.norm(-1) / 1e-9;
        Assert.InRange(near.min().ToDouble(), 1 - 1e-5, 1 + 1e-5);
        Assert.InRange((sort.call(x).norm(-1) - x.norm(-1)).abs().max().ToDouble(), 0, 1e-12);
    }

    [Fact]
    public void What_has_no_pairs_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using GroupSort sort = new();
        Assert.Throws<ArgumentException>("input", () => sort.call(zeros(2, 3)));
        Assert.Throws<ArgumentException>("input", () => sort.call(zeros(2, 0)));
        Assert.Throws<ArgumentException>("input", () => sort.call(zeros(4)));
        Assert.Throws<ArgumentException>("input", () => sort.call(zeros([2, 4], ScalarType.Int64)));
    }
}
