using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class ImageDatasetTests
{
    [Fact]
    public void An_image_and_its_label_are_found_by_index()
    {
        ImageDataset dataset = Sample();
        Assert.Equal([6, 7, 8, 9, 10, 11], dataset.Image(1).ToArray());
        Assert.Equal(1, dataset.Label(1));
        Assert.Equal(6, dataset.ImageSize);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void An_index_that_is_not_there_is_refused(int index)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Sample().Image(index).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => Sample().Label(index));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sample().Subset("part", [0, index]));
    }

    [Fact]
    public void A_subset_has_the_images_asked_for_in_that_order()
    {
        ImageDataset part = Sample().Subset("part", [2, 0, 2]);
        Assert.Equal("part", part.Name);
        Assert.Equal([2, 0, 2], part.Labels.ToArray());
        Assert.Equal([12, 13, 14, 15, 16, 17, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17], part.Pixels.ToArray());
    }

    [Fact]
    public void A_slice_has_the_images_of_its_range()
    {
        ImageDataset part = Sample().Slice(1, 2);
        Assert.Equal([1, 2], part.Labels.ToArray());
        Assert.Equal(Sample().Pixels[6..], part.Pixels);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 4)]
    [InlineData(2, 2)]
    [InlineData(1, -1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void A_slice_beyond_the_images_is_refused(int start, int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Sample().Slice(start, count));

    [Fact]
    public void Pixels_and_labels_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new ImageDataset("x", 2, 2, 1, 10, [1, 2, 3, 4, 5], [1]));
        Assert.Throws<ArgumentException>(() => new ImageDataset("x", 2, 2, 1, 10, default, [1]));
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new ImageDataset("x", 1, 1, 1, 3, [1, 2], [2, 3]));
        Assert.Contains("Label 3 of image 1 is not below 3.", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, 1, 10)]
    [InlineData(1, 0, 1, 10)]
    [InlineData(1, 1, 0, 10)]
    [InlineData(1, 1, 1, 0)]
    [InlineData(1, 1, 1, 257)]
    public void A_size_out_of_range_is_refused(int height, int width, int channels, int classCount) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageDataset("x", height, width, channels, classCount, [], []));

    private static ImageDataset Sample() => new("sample", 1, 2, 3, 3, [.. Enumerable.Range(0, 18).Select(value => (byte)value)], [0, 1, 2]);
}
