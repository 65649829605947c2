using ImplicitNet.Cli;
using ImplicitNet.Training.Distribution;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Distribution;

/// <summary>What ranks do together whatever connects them.</summary>
public sealed class CollectiveTests : TensorTest
{
    [Fact]
    public void A_tensor_is_summed_in_place_and_no_further_than_it_reaches()
    {
        using DisposeScope scope = NewDisposeScope();
        using Twin ranks = new();
        foreach (ScalarType type in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
        {
            Tensor whole = arange(12, type);
            ranks.Sum(whole.narrow(0, 4, 6).view(2, 3));
            Assert.Equal([0, 1, 2, 3, 8, 10, 12, 14, 16, 18, 10, 11], whole.to(ScalarType.Float64).data<double>().ToArray());
            ranks.Sum(zeros(0, type));
        }

        Tensor scalar = tensor(3.0f);
        ranks.Sum(scalar);
        Assert.Equal(6, scalar.item<float>());
    }

    [Fact]
    public void Another_tensor_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Twin ranks = new();
        Tensor parameter = zeros(3, requires_grad: true);
        foreach (Tensor tensor in (Tensor[])[zeros(3, ScalarType.Int64), zeros(3, 4).t(), parameter])
        {
            Assert.Throws<ArgumentException>(() => ranks.Sum(tensor));
        }
    }

    [Fact]
    public void What_the_first_rank_says_arrives()
    {
        using Twin ranks = new();
        Assert.Equal("runs/mäze-1", ranks.OfFirst("runs/mäze-1"));
        Assert.Equal("", ranks.OfFirst(""));
        Assert.True(ranks.OfFirst(true));
        Assert.False(ranks.OfFirst(false));
    }

    [Fact]
    public void Ranks_on_the_same_cores_share_them()
    {
        using Twin ranks = new();
        Assert.Equal(Math.Clamp(Environment.ProcessorCount / 2, 1, get_num_threads()), ranks.Threads());
        using SingleProcess alone = new();
        Assert.Null(alone.Threads());
    }
}
