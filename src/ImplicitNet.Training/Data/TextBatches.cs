using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Batches of windows of a text, to predict the next character; made by <c>BatchSource.FromText</c>. Inputs are ids, int64, [batch,
/// length]; targets are the ids of the characters that follow, int64, [batch, length].
/// </summary>
public sealed class TextBatches : IndexedBatches
{
    private readonly ReadOnlyMemory<int> _ids;
    private readonly Lazy<object> _identity;

    internal TextBatches(string text, int length, Vocabulary vocabulary, int? stride, string name, int batchSize, long seed)
        : this(vocabulary.Encode(text).Select(id => (int)id).ToArray(), length, stride ?? length, vocabulary, name, batchSize, seed)
    {
    }

    private TextBatches(
        ReadOnlyMemory<int> ids, int length, int stride, Vocabulary vocabulary, string name, int batchSize, long seed)
        : base(name, Windows(ids.Length, length, stride), batchSize, seed)
    {
        _ids = ids;
        (Length, Stride, Vocabulary) = (length, stride, vocabulary);
        _identity = new Lazy<object>(Identify);
    }

    /// <summary>The number of characters in a window.</summary>
    public int Length { get; }

    /// <summary>The number of characters from the beginning of one window to that of the next.</summary>
    public int Stride { get; }

    /// <summary>
    /// Whether the windows of every epoch begin at a place of its own, less than a stride behind the first character and drawn from seed
    /// and epoch, so that a text is cut differently each time; the last window ends where the text does. Default false.
    /// </summary>
    public bool IsMovedEveryEpoch { get; init; }

    /// <summary>How many characters the text has.</summary>
    internal int Characters => _ids.Length;

    /// <summary>The characters and their ids.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>All options, and a checksum of vocabulary and text: a run cannot be resumed with another text.</summary>
    public override object Identity => _identity.Value;

    /// <summary>
    /// Splits the text into its beginning, to train on, and its end, held out: no window of one has a character of the other.
    /// </summary>
    /// <param name="share">The share of the text that is held out; in (0, 1).</param>
    /// <returns>Both with the vocabulary of the whole. Nothing is copied.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A part is shorter than one window and the character after it.</exception>
    public (TextBatches Train, TextBatches HeldOut) Split(double share = 0.1)
    {
        int heldOut = share is > 0 and < 1 ? (int)Math.Round(_ids.Length * share, MidpointRounding.AwayFromZero) : 0;
        if (Math.Min(heldOut, _ids.Length - heldOut) <= Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(share), share,
                $"Both parts need {Length + 1} characters: this share of {Name}, {_ids.Length} characters, leaves one fewer.");
        }

        return (Part(..^heldOut, "train"), Part(^heldOut.., "held out"));
    }

    /// <summary>Some of the characters, with the vocabulary of all. Nothing is copied.</summary>
    /// <param name="characters">Which; a window and the character after it at least.</param>
    /// <param name="part">A name for what it is of the text.</param>
    /// <param name="batchSize">Windows in a batch; null: as many as here.</param>
    /// <param name="seed">Of the order of the epochs; null: that of this source.</param>
    /// <param name="isMoved">As <see cref="IsMovedEveryEpoch"/>; null: as here.</param>
    internal TextBatches Part(Range characters, string part, int? batchSize = null, long? seed = null, bool? isMoved = null) =>
        With(_ids[characters], Length, $"{Name}, {part}", batchSize ?? BatchSize, seed ?? Seed, isMoved);

    /// <summary>The same characters in windows of another length, one behind the other.</summary>
    internal TextBatches InWindowsOf(int length) => With(_ids, length, Name, BatchSize, Seed);

    /// <summary>The first windows, in batches of some size.</summary>
    internal TextBatches FirstWindows(int windows, int batchSize) =>
        With(_ids[..((windows - 1) * Stride + Length + 1)], Length, Name, batchSize, Seed);

    /// <inheritdoc/>
    protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
    {
        Tensor inputs = empty(indices.Length, Length, dtype: ScalarType.Int64);
        Tensor targets = empty(indices.Length, Length, dtype: ScalarType.Int64);
        Span<long> now = MemoryMarshal.Cast<byte, long>(inputs.bytes), next = MemoryMarshal.Cast<byte, long>(targets.bytes);
        int move = Move(epoch), place = 0;
        foreach (int index in indices)
        {
            int start = Math.Min((index * Stride) + move, _ids.Length - Length - 1);
            ReadOnlySpan<int> window = _ids.Span.Slice(start, Length + 1);
            for (int position = 0; position < Length; position++, place++)
            {
                now[place] = window[position];
                next[place] = window[position + 1];
            }
        }

        return new Batch(inputs, targets);
    }

    private int Move(int? epoch) => IsMovedEveryEpoch && epoch is { } number
        ? new RandomNumbers(RandomNumbers.Key(Seed, RandomPurpose.Windows, number), 0).Next(Stride)
        : 0;

    private static int Windows(int characters, int length, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        return characters > length
            ? 1 + ((characters - length - 1) / stride)
            : throw new ArgumentException(
                $"A window of {length} and the character after it are more than the text has: {characters} characters.", nameof(length));
    }

    private TextBatches With(ReadOnlyMemory<int> ids, int length, string name, int batchSize, long seed, bool? isMoved = null) =>
        new(ids, length, length == Length ? Stride : length, Vocabulary, name, batchSize, seed)
        {
            IsShuffled = IsShuffled,
            IsMovedEveryEpoch = isMoved ?? IsMovedEveryEpoch,
        };

    private TextIdentity Identify() => new()
    {
        Length = Length,
        Stride = Stride,
        IsMovedEveryEpoch = IsMovedEveryEpoch,
        Content = new ContentIdentity
        {
            BatchSize = BatchSize,
            Seed = Seed,
            Checksum = ContentIdentity.Of(checksum =>
            {
                checksum.AppendData(Encoding.UTF8.GetBytes(Vocabulary.Characters));
                checksum.AppendData(MemoryMarshal.AsBytes(_ids.Span));
            }),
        },
    };

    private sealed record TextIdentity
    {
        public required int Length { get; init; }

        public required int Stride { get; init; }

        public required bool IsMovedEveryEpoch { get; init; }

        public required ContentIdentity Content { get; init; }
    }
}
