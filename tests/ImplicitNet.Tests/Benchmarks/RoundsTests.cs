using ImplicitNet.Benchmarks.Measurement;

namespace ImplicitNet.Tests.Benchmarks;

public sealed class RoundsTests
{
    [Fact]
    public void Contenders_take_turns_in_an_order_that_turns_about()
    {
        List<string> calls = [];
        double[][] seconds = new Rounds(Counted: 2, WarmUp: 1).Measure(round => calls.Add($"before {round}"), round => calls.Add($"a{round}"), round => calls.Add($"b{round}"));
        Assert.Equal(["before 0", "a0", "b0", "before 1", "b1", "a1", "before 2", "a2", "b2"], calls);
        Assert.Equal([2, 2], seconds.Select(each => each.Length));
    }

    [Fact]
    public void A_spread_is_least_median_and_largest()
    {
        Assert.Equal(new Spread(1, 3, 9), Spread.Of([9, 1, 3]));
        Assert.Equal(new Spread(1, 2, 9), Spread.Of([9, 1, 3, 1]));
        Assert.Equal(19.0, Spread.Quantile([.. Enumerable.Range(0, 21).Select(value => (double)value)], 0.95), 1e-12);
        Assert.Throws<ArgumentException>(() => Spread.Of([]));
    }
}
