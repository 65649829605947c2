using CsCheck;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class RandomNumbersTests
{
    [Fact]
    public void The_sequence_is_that_of_SplitMix64()
    {
        // From state 0, the published reference program gives these.
        RandomNumbers random = new(0, 0);
        Assert.Equal(0xE220A8397B1DCDAF, random.NextBits());
        Assert.Equal(0x6E789E6AA1B965F4UL, random.NextBits());
        Assert.Equal(0x06C45D188009454FUL, random.NextBits());
    }

    [Fact]
    public void Streams_of_one_key_share_no_number()
    {
        HashSet<ulong> seen = [];
        foreach (uint stream in (uint[])[0, 1, 2, 1 << 28, (1 << 28) + 1, uint.MaxValue])
        {
            RandomNumbers random = new(RandomNumbers.Key(7, RandomPurpose.Drawing), stream);
            for (int draw = 0; draw < 2000; draw++)
            {
                Assert.True(seen.Add(random.NextBits()));
            }
        }
    }

    [Fact]
    public void Seed_purpose_and_part_each_change_the_key()
    {
        ulong[] keys =
        [
            RandomNumbers.Key(1, RandomPurpose.Drawing), RandomNumbers.Key(2, RandomPurpose.Drawing), RandomNumbers.Key(1, RandomPurpose.HoldOut),
            RandomNumbers.Key(1, RandomPurpose.EpochOrder, 0), RandomNumbers.Key(1, RandomPurpose.EpochOrder, 1), RandomNumbers.Key(-1, RandomPurpose.Shift),
        ];
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void A_draw_stays_in_range() =>
        Gen.Select(Gen.ULong, Gen.Int[1, int.MaxValue]).Sample((key, count) =>
        {
            RandomNumbers random = new(key, 0);
            Assert.InRange(random.Next(count), 0, count - 1);
            Assert.InRange(random.NextUnit(), 0, 1 - double.Epsilon);
            Assert.InRange(random.NextNormal(), -3.5, 3.5);
        });

    [Fact]
    public void Draws_have_the_moments_they_should()
    {
        const int Draws = 200_000;
        RandomNumbers random = new(RandomNumbers.Key(1, RandomPurpose.Drawing), 0);
        int[] faces = new int[6];
        double sum = 0, squares = 0;
        for (int draw = 0; draw < Draws; draw++)
        {
            faces[random.Next(faces.Length)]++;
            double normal = random.NextNormal();
            sum += normal;
            squares += normal * normal;
        }

        // Four standard errors each.
        Assert.All(faces, count => Assert.InRange(count, (Draws / 6.0) - 670, (Draws / 6.0) + 670));
        Assert.InRange(sum / Draws, -0.009, 0.009);
        Assert.InRange(squares / Draws, 0.989, 1.011);
    }
}
