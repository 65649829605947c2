using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

public sealed class TextBatchesTests : TensorTest
{
    [Fact]
    public void A_vocabulary_holds_the_characters_of_a_text_in_order()
    {
        Vocabulary vocabulary = Vocabulary.Of("hello,\nworld \U0001F600!");
        Assert.Equal("\n !,dehlorw\U0001F600", vocabulary.Characters);
        Assert.Equal(13 - 1, vocabulary.Count);
        Assert.Equal([6, 5, 7, 7, 8, 3, 0], vocabulary.Encode("hello,\n"));
        Assert.Equal("hello \U0001F600", vocabulary.Decode(vocabulary.Encode("hello \U0001F600")));
        Assert.Equal(vocabulary.Characters, Vocabulary.Of(vocabulary.Characters).Characters);
        Assert.Empty(vocabulary.Encode(""));
        Assert.Equal("", vocabulary.Decode([]));
    }

    [Fact]
    public void A_character_that_is_not_there_is_named()
    {
        Vocabulary vocabulary = Vocabulary.Of("abc");
        Refused(() => vocabulary.Encode("abé"), "'é' (U+00E9) at place 2 of the text is none of the 3 characters of this vocabulary.");
        Refused(() => vocabulary.Encode("a\tb"), "U+0009 at place 1 of the text");
        Refused(() => vocabulary.Encode("ab\ud83d"), "At place 2 of the text is half of a character (U+D83D).");
        Refused(() => Vocabulary.Of("\ude00a"), "At place 0 of the text is half of a character (U+DE00).");
        Refused(() => BatchSource.FromText("abcd", 2, vocabulary: vocabulary), "'d' (U+0064) at place 3");
        Assert.Throws<ArgumentException>(() => Vocabulary.Of(""));
        Assert.Contains("ids 0 to 2", Assert.Throws<ArgumentOutOfRangeException>(() => vocabulary.Decode([3])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => vocabulary.Decode([-1]));
    }

    [Fact]
    public void Targets_are_the_text_one_place_on()
    {
        TextBatches source = BatchSource.FromText("abcdefghij", 3, batchSize: 2);
        Assert.Equal((3, 2, 3, 3), (source.Count, source.StepsPerEpoch, source.Length, source.Stride));
        Assert.Equal([("abc", "bcd"), ("def", "efg"), ("ghi", "hij")], Windows(source, source.InOrder()));
        Assert.Equal([("def", "efg"), ("def", "efg")], Windows(source, [source.Read([1, 1])]));
        using Batch batch = source.First(2);
        Assert.Equal([2, 3], batch.Inputs.shape);
        Assert.Equal([2, 3], batch.Targets.shape);
        Assert.Equal((ScalarType.Int64, ScalarType.Int64), (batch.Inputs.dtype, batch.Targets.dtype));
    }

    [Theory]
    [InlineData("abcd", 3, null, 1)]
    [InlineData("abcdefg", 3, null, 2)]
    [InlineData("abcdefg", 3, 1, 4)]
    [InlineData("abcdefg", 3, 2, 2)]
    [InlineData("abcdefg", 3, 9, 1)]
    [InlineData("abcdefg", 1, null, 6)]
    public void There_are_as_many_windows_as_fit(string text, int length, int? stride, int expected)
    {
        TextBatches source = BatchSource.FromText(text, length, stride);
        Assert.Equal(expected, source.Count);
        Assert.Equal(
            Enumerable.Range(0, expected).Select(window => text.Substring(window * source.Stride, length)),
            Windows(source, source.InOrder()).Select(window => window.Input));
    }

    [Fact]
    public void An_epoch_is_every_window_once_and_a_function_of_seed_and_epoch()
    {
        TextBatches source = BatchSource.FromText(Alphabet, 5, batchSize: 2, seed: 3);
        (string, string)[] windows = Windows(source, source.Epoch(1));
        Assert.Equal(Windows(source, source.InOrder()).Order(), windows.Order());
        Assert.Equal(source.Order(1).Select(index => Alphabet.Substring(5 * index, 5)), windows.Select(window => window.Item1));
        Assert.Equal(windows[4..], Windows(source, source.Epoch(1, 2)));
        Assert.Equal(windows, Windows(source, BatchSource.FromText(Alphabet, 5, batchSize: 2, seed: 3).Epoch(1)));
    }

    [Fact]
    public void Moved_windows_begin_elsewhere_in_every_epoch_and_stay_in_the_text()
    {
        TextBatches source = BatchSource.FromText(Alphabet, 5, batchSize: 2, seed: 3, isMovedEveryEpoch: true);
        Assert.Equal(Windows(BatchSource.FromText(Alphabet, 5), source.InOrder()), Windows(source, source.InOrder()));
        HashSet<int> moves = [];
        for (int epoch = 0; epoch < 60; epoch++)
        {
            (string Input, string Target)[] windows = Windows(source, source.Epoch(epoch));
            int[] starts = [.. windows.Select(window => Alphabet.IndexOf(window.Input, StringComparison.Ordinal))];
            int move = starts.Min();
            moves.Add(move);
            Assert.Equal(source.Order(epoch).Select(index => Math.Min((5 * index) + move, Alphabet.Length - 6)), starts);
            Assert.All(windows, window => Assert.Equal(window.Input[1..] + window.Target[^1], window.Target));
            Assert.Equal(windows[4..], Windows(source, source.Epoch(epoch, 2)));
        }

        Assert.Equal([0, 1, 2, 3, 4], moves.Order());
    }

    [Fact]
    public void A_split_shares_no_character_of_the_text()
    {
        TextBatches source = BatchSource.FromText(Alphabet, 3, stride: 1, name: "letters");
        (TextBatches train, TextBatches heldOut) = source.Split(0.25);
        Assert.Equal(("letters, train", "letters, held out", 1), (train.Name, heldOut.Name, heldOut.Stride));
        Assert.Equal(Alphabet, train.Vocabulary.Characters);
        Assert.Same(train.Vocabulary, heldOut.Vocabulary);
        string Read(TextBatches part) => string.Concat(Windows(part, part.InOrder()).SelectMany(window => window.Input + window.Target).Distinct().Order());
        Assert.Equal(Alphabet[..19], Read(train));
        Assert.Equal(Alphabet[19..], Read(heldOut));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(0.1)]
    [InlineData(0.9)]
    [InlineData(double.NaN)]
    public void A_split_without_a_window_is_refused(double share)
    {
        TextBatches source = BatchSource.FromText(Alphabet, 3);
        Assert.Contains("Both parts need 4 characters", Assert.Throws<ArgumentOutOfRangeException>(() => source.Split(share)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_text_has_another_identity()
    {
        TextBatches source = BatchSource.FromText("abcabd", 2);
        TextBatches[] all =
        [
            source, BatchSource.FromText("abcadb", 2), BatchSource.FromText("abcabe", 2), BatchSource.FromText("abcabd", 3), BatchSource.FromText("abcabd", 2, 1),
            BatchSource.FromText("abcabd", 2, vocabulary: Vocabulary.Of("abcde")), BatchSource.FromText("abcabd", 2, seed: 2),
            BatchSource.FromText("abcabd", 2, batchSize: 3), BatchSource.FromText("abcabd", 2, isMovedEveryEpoch: true), source.Split(0.5).Train, source.Split(0.5).HeldOut,
        ];
        Assert.Equal(all.Length, all.Select(TensorBatchesTests.Identity).Distinct().Count());
        Assert.Equal(TensorBatchesTests.Identity(source), TensorBatchesTests.Identity(BatchSource.FromText("abcabd", 2)));
        Assert.Matches(
            "^batches = TextIdentity; batches.Content = ContentIdentity; batches.Content.BatchSize = 64; batches.Content.Checksum = [0-9a-f]{32}; batches.Content.Seed = 1; "
            + "batches.IsMovedEveryEpoch = false; batches.Length = 2; batches.Stride = 2$", TensorBatchesTests.Identity(source));
    }

    [Fact]
    public void What_gives_no_window_is_refused_in_one_line()
    {
        Refused(() => BatchSource.FromText("abc", 3), "A window of 3 and the character after it are more than the text has: 3 characters.");
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchSource.FromText("abc", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchSource.FromText("abc", 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchSource.FromText("abc", 1, batchSize: 0));
        Assert.Throws<ArgumentException>(() => BatchSource.FromText("", 1));
        Assert.Throws<ArgumentNullException>(() => BatchSource.FromText(null!, 1));
    }

    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz";

    private static (string Input, string Target)[] Windows(TextBatches source, IEnumerable<Batch> batches)
    {
        List<(string, string)> windows = [];
        foreach (Batch batch in batches)
        {
            using Batch owned = batch;
            string[] inputs = Texts(batch.Inputs), targets = Texts(batch.Targets);
            windows.AddRange(inputs.Zip(targets));
        }

        return [.. windows];
        string[] Texts(Tensor ids) => [.. ids.data<long>().ToArray().Chunk(source.Length).Select(row => source.Vocabulary.Decode(row))];
    }

    private static void Refused(Func<object> make, string message)
    {
        string actual = Assert.Throws<ArgumentException>(make).Message;
        Assert.Contains(message, actual, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', actual);
    }
}
