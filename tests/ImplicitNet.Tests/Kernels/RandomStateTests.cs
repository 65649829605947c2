using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Kernels;

/// <summary>What would end the process is an exception here; that the process is there to say so is the test.</summary>
public sealed class RandomStateTests : TensorTest
{
    [Fact]
    public void A_state_put_back_gives_the_same_numbers()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        _ = randn(5);
        Tensor state = RandomState.Get();
        float[] expected = [.. randn(7).data<float>()];
        RandomState.Set(state);
        Assert.Equal(expected, randn(7).data<float>());
    }

    [Fact]
    public void Any_state_that_is_met_is_one()
    {
        using DisposeScope scope = NewDisposeScope();
        for (int count = 0; count < 700; count++)
        {
            Assert.Null(RandomState.Fault(RandomState.Get()));
            _ = rand(1);
        }

        _ = randn(1000, dtype: ScalarType.Float64);
        Assert.Null(RandomState.Fault(RandomState.Get()));
    }

    [Fact]
    public void Bytes_that_are_no_state_are_refused_and_change_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        Tensor state = RandomState.Get();
        Tensor[] bad =
        [
            zeros_like(state),
            full_like(state, 255),
            zeros(0, ScalarType.Byte),
            zeros(7, ScalarType.Byte),
            state.narrow(0, 0, state.numel() - 1),
            cat([state, state]),
            state.reshape(2, -1),
            state.to(ScalarType.Float32),
            With(state, 8, 0),
            With(state, 9, 200),
            With(state, 12, 0),
            With(state, 16, 255, 255),
            With(state, 22, 1),
        ];
        Assert.All(bad, bytes => Assert.Throws<ArgumentException>(() => RandomState.Set(bytes)));
        float[] expected = [.. randn(5).data<float>()];
        RandomState.Set(state);
        Assert.Equal(expected, randn(5).data<float>());
    }

    private static Tensor With(Tensor state, int place, params byte[] values)
    {
        byte[] bytes = [.. state.data<byte>()];
        values.CopyTo(bytes, place);
        return tensor(bytes);
    }
}
