using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class DataSplitsTests
{
    [Fact]
    public void Held_out_images_are_not_trained_on_and_none_is_lost()
    {
        DataSplits splits = DataSplits.HoldOut(Numbered(200), Numbered(10), 50, seed: 3);
        Assert.Equal((150, 50, 10), (splits.Train.Count, splits.Validation.Count, splits.Test.Count));
        byte[] all = [.. splits.Train.Pixels, .. splits.Validation.Pixels];
        Assert.Equal(Enumerable.Range(0, 200).Select(value => (byte)value), all.Order());
        Assert.Equal(splits.Train.Pixels.ToArray().Order(), splits.Train.Pixels.ToArray());
    }

    [Fact]
    public void The_choice_follows_the_seed()
    {
        byte[] first = Chosen(3), again = Chosen(3), other = Chosen(4);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);

        static byte[] Chosen(long seed) => DataSplits.HoldOut(Numbered(200), Numbered(10), 50, seed).Validation.Pixels.ToArray();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(200)]
    public void A_count_that_leaves_nothing_to_train_on_is_refused(int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DataSplits.HoldOut(Numbered(200), Numbered(10), count, 1));

    [Fact]
    public void Nothing_may_be_held_out() => Assert.Equal(0, DataSplits.HoldOut(Numbered(20), Numbered(10), 0, 1).Validation.Count);

    [Fact]
    public void Parts_of_different_kind_are_refused()
    {
        ImageDataset other = new("other", 1, 2, 1, 1, [1, 2], [0]);
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new DataSplits(Numbered(5), Numbered(5), other));
        Assert.Contains("1 x 1 x 1 in 1 classes, and other holds images of 1 x 2 x 1", fault.Message, StringComparison.Ordinal);
    }

    private static ImageDataset Numbered(int count) =>
        new("numbered", 1, 1, 1, 1, [.. Enumerable.Range(0, count).Select(value => (byte)value)], [.. new byte[count]]);
}
