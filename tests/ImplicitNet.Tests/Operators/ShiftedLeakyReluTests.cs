using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class ShiftedLeakyReluTests : TensorTest
{
    [Theory]
    [InlineData(100, 32, 9, 9)]
    [InlineData(3, 5, 7, 1)]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 3, 5, 3)]
    public void One_pass_gives_bit_by_bit_what_two_give_in_both_layouts(long batch, long channels, long height, long width)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(batch);
        foreach (bool isChannelsLast in (bool[])[false, true])
        {
            Tensor Draw() => isChannelsLast ? randn(batch, height, width, channels).permute(0, 3, 1, 2) : randn(batch, channels, height, width);
            (Tensor x, Tensor shift) = (Draw(), Draw());
            x[0, 0, 0, 0] = float.NaN;
            Tensor expected = nn.functional.leaky_relu(x + shift, 0.1);
            Tensor untouched = shift.clone();
            Assert.True(ShiftedLeakyRelu.TryInPlace(x, shift, 0.1));
            Assert.True(x.nan_to_num(7).equal(expected.nan_to_num(7)).all().ToBoolean());
            Assert.True(shift.equal(untouched).all().ToBoolean());
        }
    }

    [Fact]
    public void What_does_not_lie_alike_or_has_a_graph_is_left_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor dense = ones(4, 3, 5, 5);
        Assert.False(ShiftedLeakyRelu.TryInPlace(dense, ones(4, 3, 5, 5), 0.1));
        using IDisposable noGraph = no_grad();
        Tensor[] xs = [dense, ones(4, 5, 5, 3).permute(0, 3, 1, 2), ones(4, 3, 5, 10).slice(3, 0, 10, 2), ones(4, 3, 5, 5, ScalarType.Float64)];
        Tensor[] shifts = [ones(4, 5, 5, 3).permute(0, 3, 1, 2), dense, ones(4, 3, 5, 10).slice(3, 0, 10, 2), ones(4, 3, 5, 5, ScalarType.Float64)];
        foreach ((Tensor x, Tensor shift) in xs.Zip(shifts))
        {
            Assert.False(ShiftedLeakyRelu.TryInPlace(x, shift, 0.1));
            Assert.True((x == 1).all().ToBoolean());
        }
    }
}
