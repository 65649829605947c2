namespace ImplicitNet.Training.Data.Augmentations;

/// <summary>Augments images of one epoch, on one thread at a time.</summary>
internal sealed class EpochAugmenter
{
    private readonly Augmentation[] _augmentations;
    private readonly ulong[] _keys;
    private readonly RandomNumbers _random = new(0, 0);

    public EpochAugmenter(IEnumerable<Augmentation> augmentations, long seed, int epoch)
    {
        _augmentations = [.. augmentations];
        _keys = [.. _augmentations.Select(augmentation => RandomNumbers.Key(seed, augmentation.Purpose, epoch))];
    }

    /// <summary>Changes the image of an index in place.</summary>
    public void Apply(int index, AugmentedImage image)
    {
        for (int place = 0; place < _augmentations.Length; place++)
        {
            _random.MoveTo(_keys[place], (uint)index);
            _augmentations[place].Apply(_random, image);
        }
    }
}
