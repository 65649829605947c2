using CsCheck;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Tests.Reports.Drawing;

public sealed class ChartAxisTests
{
    [Theory]
    [InlineData(1, 1, "1")]
    [InlineData(1, 3, "1 2 3")]
    [InlineData(1, 12, "2 4 6 8 10 12")]
    [InlineData(0, 7, "0 1 2 3 4 5 6 7")]
    [InlineData(1, 200, "20 40 60 80 100 120 140 160 180 200")]
    public void Epochs_have_whole_ticks_within_the_run(int first, int last, string expected)
    {
        ChartAxis axis = LinearAxis.ForIntegers(first, last);

        Assert.Equal(expected, Labels(axis));
        Assert.True(axis.Minimum <= first - 0.5 && axis.Maximum >= last + 0.5);
    }

    [Fact]
    public void Any_values_get_a_range_around_them_and_a_few_distinct_ticks() =>
        Gen.Select(Gen.Double[-1e6, 1e6], Gen.Double[0, 1e4]).Sample((low, span) =>
        {
            ChartAxis axis = LinearAxis.ForValues([low, low + span, double.NaN, double.PositiveInfinity]);

            Assert.True(axis.Minimum < low && axis.Maximum > low + span);
            Assert.InRange(axis.Ticks.Count, 2, 10);
            Assert.Equal(axis.Ticks.Count, axis.Ticks.Select(tick => tick.Label).Distinct().Count());
            Assert.All(axis.Ticks, tick => Assert.InRange(tick.Position, axis.Minimum - 1e-9 - (span * 1e-9), axis.Maximum + 1e-9 + (span * 1e-9)));
        }, iter: 1000);

    [Theory]
    [InlineData(0.69310, 0.69316, "0.69310 0.69312 0.69314 0.69316")]
    [InlineData(97.5, 98.4, "97.6 97.8 98.0 98.2 98.4")]
    [InlineData(1e-6, 4e-6, "1 × 10⁻⁶ 2 × 10⁻⁶ 3 × 10⁻⁶ 4 × 10⁻⁶")]
    [InlineData(5000, 15000, "6,000 8,000 10,000 12,000 14,000")]
    [InlineData(-1, 1, "-1.0 -0.5 0.0 0.5 1.0")]
    public void Labels_have_the_digits_that_tell_them_apart(double low, double high, string expected) =>
        Assert.Equal(expected, Labels(LinearAxis.ForValues([low, high])).Replace(ChartFont.Minus, "-", StringComparison.Ordinal));

    [Fact]
    public void An_axis_for_nothing_is_still_an_axis()
    {
        Assert.NotEmpty(LinearAxis.ForValues([double.NaN]).Ticks);
        Assert.NotEmpty(LogAxis.ForValues([double.NaN, -1, 0]).Ticks);
        Assert.NotEmpty(LinearAxis.ForHeights(0).Ticks);
    }

    [Fact]
    public void Zero_alone_gets_a_range_of_one() => Assert.Equal("0.0 0.2 0.4 0.6 0.8 1.0", Labels(LinearAxis.ForValues([0], 0, 100.5)));

    [Theory]
    [InlineData(1.4, 1.4, "1.2 1.3 1.4 1.5 1.6")]
    [InlineData(15, 19, "14 16 18 20 22")]
    [InlineData(1.5e-8, 1.5e-8, "1.3 × 10⁻⁸ 1.4 × 10⁻⁸ 1.5 × 10⁻⁸ 1.6 × 10⁻⁸ 1.7 × 10⁻⁸ 1.8 × 10⁻⁸")]
    public void A_narrow_logarithmic_axis_has_labels_too(double low, double high, string expected)
    {
        ChartAxis axis = LogAxis.ForValues([low, high]);
        Assert.Equal(expected, Labels(axis));
        Assert.All(axis.Ticks, tick => Assert.InRange(tick.Position, axis.Minimum - 1e-9, axis.Maximum + 1e-9));
        Assert.Equal(axis.Position(2), axis.Position(1) + Math.Log10(2), 12);
    }

    [Fact]
    public void Any_logarithmic_axis_has_two_labels_at_least_and_each_is_where_it_says() =>
        Gen.Select(Gen.Double[-12, 12], Gen.Double[0, 3]).Sample((low, span) =>
        {
            ChartAxis axis = LogAxis.ForValues([Math.Pow(10, low), Math.Pow(10, low + span)]);
            Assert.InRange(axis.Ticks.Count(tick => tick.Label.Length > 0), 2, 14);
            Assert.Equal(axis.Ticks.Select(tick => tick.Position).Order(), axis.Ticks.Select(tick => tick.Position));
        }, iter: 1000);

    [Fact]
    public void Bounds_are_kept() => Assert.Equal((0, 100.5), (LinearAxis.ForValues([0, 100], 0, 100.5) is var axis ? axis.Minimum : 0, axis.Maximum));

    [Fact]
    public void A_logarithmic_axis_labels_powers_of_ten_and_values_between_them_where_there_are_few()
    {
        Assert.Equal(
            string.Join(' ', WrittenNumber.PowerOfTen(-3), WrittenNumber.PowerOfTen(-2), WrittenNumber.PowerOfTen(-1), "1"),
            Labels(LogAxis.ForValues([1e-3, 1])));
        Assert.Equal("0.1 0.2 0.5 1 2 5", Labels(LogAxis.ForValues([0.1, 6])));
        Assert.True(LogAxis.ForValues([1e-30, 1e30]).Ticks.Count(tick => tick.Label.Length > 0) < 12);
    }

    [Fact]
    public void A_logarithmic_axis_puts_zero_at_its_end_and_the_impossible_nowhere()
    {
        ChartAxis axis = LogAxis.ForValues([1e-3, 10, 0]);

        Assert.Equal(-2, axis.Position(1e-2), 12);
        Assert.Equal(axis.Minimum, axis.Position(0));
        Assert.All([-1, double.NaN, double.PositiveInfinity], value => Assert.Equal(double.NaN, axis.Position(value)));
    }

    private static string Labels(ChartAxis axis) => string.Join(' ', axis.Ticks.Select(tick => tick.Label).Where(label => label.Length > 0));
}
