using ImplicitNet.Kernels;

namespace ImplicitNet.Tests.Kernels;

public sealed class ThreadCountTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(ThreadCount.Most + 1)]
    [InlineData(int.MaxValue)]
    public void A_number_that_torch_cannot_take_is_refused_and_changes_nothing(int threads)
    {
        int before = ThreadCount.Get();
        Assert.Contains($"{threads}", Assert.Throws<ArgumentOutOfRangeException>(() => ThreadCount.Set(threads)).Message, StringComparison.Ordinal);
        Assert.Equal(before, ThreadCount.Get());
    }
}
