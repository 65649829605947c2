using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace ImplicitNet.Training.Data.Augmentations;

/// <summary>
/// Augmentations in the order in which an image passes them, at most one of each kind. Two lists of equal augmentations are equal.
/// </summary>
[CollectionBuilder(typeof(AugmentationList), nameof(Create))]
public sealed class AugmentationList : IReadOnlyList<Augmentation>, IEquatable<AugmentationList>
{
    private readonly ImmutableArray<Augmentation> _items;

    private AugmentationList(ImmutableArray<Augmentation> items) => _items = items;

    /// <summary>Number of augmentations.</summary>
    public int Count => _items.Length;

    /// <summary>The augmentation at a place of the order, from 0.</summary>
    public Augmentation this[int index] => _items[index];

    /// <summary>
    /// Creates a list; called by collection expressions: <c>Augmentations = [new HorizontalFlip(), new RandomCrop()]</c>.
    /// </summary>
    /// <exception cref="ArgumentException">Two augmentations are of the same kind, so they would draw the same random numbers.</exception>
    public static AugmentationList Create(ReadOnlySpan<Augmentation> items)
    {
        HashSet<RandomPurpose> kinds = [];
        foreach (Augmentation item in items)
        {
            ArgumentNullException.ThrowIfNull(item, nameof(items));
            if (!kinds.Add(item.Purpose))
            {
                throw new ArgumentException(
                    $"{item.GetType().Name} is given twice; two of one kind would draw the same random numbers.", nameof(items));
            }
        }

        return new AugmentationList([.. items]);
    }

    /// <summary>The augmentations in order.</summary>
    public IEnumerator<Augmentation> GetEnumerator() => ((IEnumerable<Augmentation>)_items).GetEnumerator();

    /// <summary>Whether both hold equal augmentations in the same order.</summary>
    public bool Equals(AugmentationList? other) => other is not null && _items.SequenceEqual(other._items);

    /// <summary>Whether the other is a list of equal augmentations in the same order.</summary>
    public override bool Equals(object? obj) => Equals(obj as AugmentationList);

    /// <summary>Equal for equal lists.</summary>
    public override int GetHashCode() => _items.Aggregate(_items.Length, HashCode.Combine);

    /// <summary>The augmentations with all their options, in brackets.</summary>
    public override string ToString() => $"[{string.Join(", ", _items)}]";

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
