namespace ImplicitNet.Training.Data;

/// <summary>The three parts of a data set: one to train on, one to choose by, and one to test on once.</summary>
public sealed class DataSplits
{
    /// <summary>Joins three parts that hold images of one kind.</summary>
    /// <exception cref="ArgumentException">The parts differ in image size or number of classes.</exception>
    public DataSplits(ImageDataset train, ImageDataset validation, ImageDataset test)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(test);
        CheckSameKind(train, validation, nameof(validation));
        CheckSameKind(train, test, nameof(test));
        Train = train;
        Validation = validation;
        Test = test;
    }

    /// <summary>The images to fit on.</summary>
    public ImageDataset Train { get; }

    /// <summary>The images to choose a checkpoint by.</summary>
    public ImageDataset Validation { get; }

    /// <summary>The images to report on.</summary>
    public ImageDataset Test { get; }

    /// <summary>Takes a validation part out of <paramref name="train"/> by random choice; what is left keeps its order.</summary>
    /// <param name="train">The images to divide.</param>
    /// <param name="test">The test part, left as it is.</param>
    /// <param name="validationCount">Number of images to hold out, from 0 to one less than there are.</param>
    /// <param name="seed">The choice is a function of this seed and of the two counts only.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="validationCount"/> lies outside its range.</exception>
    /// <exception cref="ArgumentException">The parts differ in image size or number of classes.</exception>
    public static DataSplits HoldOut(ImageDataset train, ImageDataset test, int validationCount, long seed)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        if (validationCount < 0 || validationCount >= train.Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(validationCount), validationCount, $"{train.Name} has {train.Count} images, "
                    + $"and one at least must be left to train on.");
        }

        int[] order = [.. Enumerable.Range(0, train.Count)];
        new RandomNumbers(RandomNumbers.Key(seed, RandomPurpose.HoldOut), 0).Shuffle(order);
        Span<int> heldOut = order.AsSpan(0, validationCount);
        Span<int> kept = order.AsSpan(validationCount);
        heldOut.Sort();
        kept.Sort();
        return new DataSplits(train.Subset(train.Name, kept), train.Subset($"{train.Name}, held out", heldOut), test);
    }

    private static void CheckSameKind(ImageDataset train, ImageDataset other, string parameter)
    {
        if ((train.Height, train.Width, train.Channels, train.ClassCount) != (other.Height, other.Width, other.Channels, other.ClassCount))
        {
            throw new ArgumentException($"{train.Name} holds {Kind(train)}, and {other.Name} holds {Kind(other)}.", parameter);
        }
    }

    private static string Kind(ImageDataset dataset) =>
        $"images of {dataset.Height} x {dataset.Width} x {dataset.Channels} in {dataset.ClassCount} classes";
}
