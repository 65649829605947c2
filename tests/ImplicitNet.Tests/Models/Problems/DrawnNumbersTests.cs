using ImplicitNet.Models.Problems;

namespace ImplicitNet.Tests.Models.Problems;

public sealed class DrawnNumbersTests
{
    [Fact]
    public void The_generator_is_the_published_one()
    {
        // The first outputs of SplitMix64 for the seed 1234567, as its authors' program prints them.
        ulong[] published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431];
        double[] expected = [.. published.Select(bits => ((bits >> 11) * Math.Pow(2, -52)) - 1)];
        Assert.Equal(expected, DrawnNumbers.Uniform(4, 1234567));
    }
}
