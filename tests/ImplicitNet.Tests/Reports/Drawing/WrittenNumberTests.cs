using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Tests.Reports.Drawing;

public sealed class WrittenNumberTests
{
    [Theory]
    [InlineData(0.0027, "0.0027")]
    [InlineData(2.7e-5, "2.7 × 10⁻⁵")]
    [InlineData(9.996e-5, "0.0001")]
    [InlineData(1.5, "1.5")]
    [InlineData(15000, "15,000")]
    [InlineData(1234567, "1.23 × 10⁶")]
    [InlineData(999999, "1 × 10⁶")]
    [InlineData(-0.25, "-0.25")]
    [InlineData(1e-300, "1 × 10⁻³⁰⁰")]
    [InlineData(0, "0")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "Infinity")]
    public void A_number_is_written_in_one_way(double value, string expected) => Assert.Equal(expected, WrittenNumber.Of(value));

    [Fact]
    public void Digits_are_significant_ones()
    {
        Assert.Equal("0.0023", WrittenNumber.Of(0.002345, 2));
        Assert.Equal("120,000", WrittenNumber.Of(123456, 2));
        Assert.Equal("2 × 10⁻⁷", WrittenNumber.Of(2.2e-7, 1));
    }

    [Fact]
    public void Powers_of_ten_have_superscripts() =>
        Assert.Equal(["10⁻³", "10⁻¹", "1", "10", "10²", "10¹²"], new[] { -3, -1, 0, 1, 2, 12 }.Select(WrittenNumber.PowerOfTen));
}
