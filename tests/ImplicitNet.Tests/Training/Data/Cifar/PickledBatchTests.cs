using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Cifar;

namespace ImplicitNet.Tests.Training.Data.Cifar;

public sealed class PickledBatchTests
{
    [Fact]
    public void A_pickle_gives_the_same_batch_as_the_binary_form()
    {
        Cifar10Batch binary = BinaryBatch.Parse(Cifar10Bytes.Binary(3, 0, 9), "binary");
        Cifar10Batch pickled = PickledBatch.Parse(Cifar10Bytes.Pickled(3, 0, 9), "pickled");
        Assert.Equal(binary.Labels, pickled.Labels);
        Assert.Equal(binary.Pixels, pickled.Pixels);
    }

    [Fact]
    public void Every_instruction_of_a_batch_gives_its_value()
    {
        object? value = PickleReader.Read(
            Cifar10Bytes.Raw("\u0080\u0002(K\u0007M\u0001\u0002J\u00fe\u00ff\u00ff\u00ff\u008a\u0002\u0000\u0080\u008a\u0000N\u0088\u0089X\u0002\u0000\u0000\u0000\u00c3\u00a9)K\u0001\u0085K\u0001K\u0002\u0086]K\u0003ar\u0005\u0000\u0000\u0000j\u0005\u0000\u0000\u0000t."),
            "pickle");
        object?[] items = Assert.IsType<object?[]>(value);
        Assert.Equal<object?>([7, 513, -2, -32768, 0, null, true, false, "\u00e9"], items[..9]);
        Assert.Equal((0, 1, 2), (Assert.IsType<object?[]>(items[9]).Length, Assert.IsType<object?[]>(items[10]).Length, Assert.IsType<object?[]>(items[11]).Length));
        Assert.Equal<object?>([3], Assert.IsType<List<object?>>(items[12]));
        Assert.Same(items[12], items[13]);
    }

    [Fact]
    public void What_a_pickle_would_call_is_a_name_and_no_more()
    {
        byte[] evil = Cifar10Bytes.Raw("\u0080\u0002cos\nsystem\nU\u0006exit 1\u0085R.");
        PickledObject described = Assert.IsType<PickledObject>(PickleReader.Read(evil, "pickle"));
        Assert.Equal("os.system", described.Type);
        Assert.Contains("holds no dictionary", Fault(evil), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "cut short")]
    [InlineData("\u0080\u0004.", "protocol 4, expected 2")]
    [InlineData("\u0080\u0002i", "instruction 0x69 is none")]
    [InlineData("\u0080\u0002}.", "\"data\" is no NumPy array")]
    [InlineData("T\u0000\u0000\u0000\u0080", "a length of -2147483648")]
    [InlineData("T\u0000\u0000\u0000\u0070", "cut short")]
    [InlineData("a", "more values are taken")]
    [InlineData("K\u0001K\u0002a", "needs a List")]
    [InlineData("(K\u0001.", "holds no dictionary")]
    [InlineData("(.", "there is a mark")]
    [InlineData("e", "no mark")]
    [InlineData("}(K\u0001K\u0002u", "a key is no text")]
    [InlineData("}(U\u0001au", "a key without a value")]
    [InlineData("K\u0001K\u0002R", "a call of what is no name")]
    [InlineData("K\u0001K\u0002b", "needs a PickledObject")]
    [InlineData("h\u0003", "value 3 was never kept")]
    [InlineData("cos", "a name without end")]
    [InlineData("\u008a\u0005", "a number of 5 bytes")]
    public void Another_pickle_is_refused(string pickle, string expected) => Assert.Contains(expected, Fault(Cifar10Bytes.Raw(pickle)), StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 3071, "u1", "announces 1 images of 3072 bytes and has 3071")]
    [InlineData(0, 0, "u1", "announces 0 images")]
    [InlineData(10_001, 3072, "u1", "announces 10001 images")]
    [InlineData(1, 3072, "f4", "no NumPy array of bytes")]
    public void An_array_of_another_kind_is_refused(int rows, int length, string type, string expected) =>
        Assert.Contains(
            expected, Fault([.. Cifar10Bytes.Raw("}(U\u0004data"), .. Cifar10Bytes.Array(rows, new byte[length], type), .. Cifar10Bytes.Raw("u.")]), StringComparison.Ordinal);

    [Fact]
    public void Labels_that_are_not_one_for_each_image_are_refused()
    {
        byte[] array = [.. Cifar10Bytes.Raw("}(U\u0004data"), .. Cifar10Bytes.Array(1, new byte[3072]), .. Cifar10Bytes.Text("labels")];
        Assert.Contains("no list of 1 numbers", Fault([.. array, .. Cifar10Bytes.Raw("](K\u0001K\u0002eu.")]), StringComparison.Ordinal);
        Assert.Contains("label True of image 0", Fault([.. array, .. Cifar10Bytes.Raw("](\u0088eu.")]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pickle_of_endless_instructions_is_refused() =>
        Assert.Contains("more than 1048576 instructions", Fault([.. Enumerable.Repeat((byte)'N', (1 << 20) + 1)]), StringComparison.Ordinal);

    private static string Fault(byte[] content) => Assert.Throws<DataFileException>(() => PickledBatch.Parse(content, "pickle")).Message;
}
