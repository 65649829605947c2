using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Kernels;

public sealed class MemoryOrderTests : TensorTest
{
    /// <summary>LINQ's sort keeps equal ones as they come; so must this one, which makes no garbage.</summary>
    [Fact]
    public void It_is_a_stable_sort_by_falling_stride_of_what_is_not_left_in_front()
    {
        Random random = new(12);
        for (int draw = 0; draw < 3000; draw++)
        {
            // Few different strides, so that many are equal; 0 is that of an expanded dimension.
            long[] strides = [.. Enumerable.Range(0, random.Next(7)).Select(_ => (long)random.Next(0, 5) * 3)];
            int first = random.Next(strides.Length + 1);
            IEnumerable<long> expected = Enumerable.Range(0, first)
                .Concat(Enumerable.Range(first, strides.Length - first).OrderByDescending(dimension => strides[dimension]))
                .Select(dimension => (long)dimension);
            Assert.Equal(expected, MemoryOrder.Of(strides, first));
            if (first == 0)
            {
                Assert.Equal(expected, MemoryOrder.Of(strides));
            }
        }
    }

    [Theory]
    [InlineData(new long[] { }, 0, new long[] { })]
    [InlineData(new long[] { 7 }, 1, new long[] { 0 })]
    [InlineData(new long[] { 1, 2, 3 }, 0, new long[] { 2, 1, 0 })]
    [InlineData(new long[] { 1, 2, 3 }, 1, new long[] { 0, 2, 1 })]
    [InlineData(new long[] { 1, 2, 3 }, 3, new long[] { 0, 1, 2 })]
    [InlineData(new long[] { 4, 4, 9, 4 }, 0, new long[] { 2, 0, 1, 3 })]
    [InlineData(new long[] { 0, 1, 0, long.MaxValue }, 0, new long[] { 3, 1, 0, 2 })]
    public void Known_orders(long[] strides, int first, long[] expected) => Assert.Equal(expected, MemoryOrder.Of(strides, first));

    /// <summary>Every order of three sides, 1 among them: permuted by its memory order a tensor lies in memory as it comes.</summary>
    [Theory]
    [InlineData(2, 3, 5)]
    [InlineData(1, 3, 5)]
    [InlineData(4, 1, 1)]
    [InlineData(1, 1, 1)]
    public void A_tensor_permuted_by_its_order_is_contiguous(long one, long two, long three)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] sides = [2, one, two, three];
        foreach (long[] places in Orders([1, 2, 3]))
        {
            long[] order = [0, .. places];
            long[] back = [.. Enumerable.Range(0, 4).Select(dimension => (long)Array.IndexOf(order, dimension))];
            Tensor tensor = arange(2 * one * two * three).reshape([.. order.Select(place => sides[place])]).permute(back);
            Assert.Equal(sides, tensor.shape);
            Tensor again = tensor.permute(MemoryOrder.Of(tensor.stride(), first: 1));
            Assert.True(again.is_contiguous());
            Assert.Equal(Enumerable.Range(0, (int)tensor.numel()).Select(value => (long)value), again.data<long>());
        }
    }

    private static IEnumerable<long[]> Orders(long[] places) => places.Length <= 1
        ? [places]
        : places.SelectMany(place => Orders([.. places.Where(other => other != place)]).Select(rest => (long[])[place, .. rest]));
}
