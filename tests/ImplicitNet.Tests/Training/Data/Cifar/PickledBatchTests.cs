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
    public void A_batch_pickled_again_by_a_newer_python_is_read_too()
    {
        byte[] pickled = Cifar10Bytes.Pickled(3, 0, 9);
        int bytes = pickled.AsSpan().IndexOf([(byte)'T', .. BitConverter.GetBytes(3 * Cifar10Bytes.ImageBytes)]);
        pickled[1] = 4;
        pickled[bytes] = (byte)'B';
        Assert.Equal(PickledBatch.Parse(Cifar10Bytes.Pickled(3, 0, 9), "2").Pixels, PickledBatch.Parse(pickled, "4").Pixels);
    }

    [Fact]
    public void What_a_pickle_would_call_is_a_name_and_no_more() => Assert.Contains(
        "holds no dictionary", Fault(Cifar10Bytes.Raw("\u0080\u0002cos\nsystem\nU\u0006exit 1\u0085R.")), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "byte 0: 1 bytes are announced and 0 follow: it was cut short")]
    [InlineData("\u0080\u0001.", "protocol is 1; 2 to 5")]
    [InlineData("\u0080\u0002i", "byte 2: 0x69 is no opcode")]
    [InlineData("\u0080\u0002}.", "\"data\" is no NumPy array")]
    [InlineData("T\u0000\u0000\u0000\u0080", "2147483648 bytes are announced and 0 follow: it was cut short")]
    [InlineData("a", "a value is missing")]
    [InlineData("K\u0001K\u0002a.", "holds no dictionary")]
    [InlineData("(K\u0001.", "holds no dictionary")]
    [InlineData("(.", "a value is missing")]
    [InlineData("e", "no mark")]
    [InlineData("}(K\u0001K\u0002u.", "\"data\" is no NumPy array")]
    [InlineData("}(U\u0001au", "a key has no value")]
    [InlineData("K\u0001K\u0002R.", "holds no dictionary")]
    [InlineData("K\u0001K\u0002b.", "holds no dictionary")]
    [InlineData("h\u0003", "nothing is remembered under 3")]
    [InlineData("cos", "a name does not end")]
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
        Assert.Contains("more than 4194304 opcodes", Fault([.. Enumerable.Repeat((byte)'N', (1 << 22) + 1)]), StringComparison.Ordinal);

    private static string Fault(byte[] content) => Assert.Throws<DataFileException>(() => PickledBatch.Parse(content, "pickle")).Message;
}
