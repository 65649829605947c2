using ImplicitNet.Files;
using ImplicitNet.Files.PyTorch;
using TorchSharp;
using static ImplicitNet.Fuzz.Files.PickleBytes;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Files.PyTorch;

public sealed class PyTorchReadTests : TensorTest
{
    private static readonly byte[] Six = Bytes(0, 1, 2, 3, 4, 5);

    [Theory]
    [InlineData("DoubleStorage", ScalarType.Float64, "000000000000F83F")]
    [InlineData("FloatStorage", ScalarType.Float32, "0000C03F")]
    [InlineData("HalfStorage", ScalarType.Float16, "003E")]
    [InlineData("BFloat16Storage", ScalarType.BFloat16, "C03F")]
    [InlineData("LongStorage", ScalarType.Int64, "FEFFFFFFFFFFFFFF")]
    [InlineData("IntStorage", ScalarType.Int32, "FEFFFFFF")]
    [InlineData("ShortStorage", ScalarType.Int16, "FEFF")]
    [InlineData("CharStorage", ScalarType.Int8, "FE")]
    [InlineData("ByteStorage", ScalarType.Byte, "FE")]
    [InlineData("BoolStorage", ScalarType.Bool, "01")]
    public void Every_element_type_is_read(string storage, ScalarType type, string bytes)
    {
        using PyTorchFile file = Read(File(Dictionary(("x", Tensor(Storage(storage, "7", 1, "cuda:1"), 0, [], []))), ("7", Convert.FromHexString(bytes))));
        Tensor tensor = file.StateDictionary("w.pth")["x"];
        Assert.Equal((type, 0L), (tensor.dtype, tensor.ndim));
        using Tensor wide = tensor.to(ScalarType.Float64);
        double expected = type switch { ScalarType.Bool => 1, ScalarType.Byte => 254, _ => tensor.is_floating_point() ? 1.5 : -2 };
        Assert.Equal(expected, wide.ToDouble());
    }

    [Fact]
    public void Strides_and_offsets_are_those_of_the_file_and_storages_are_shared()
    {
        byte[] storage = Storage("FloatStorage", "0", 6);
        using PyTorchFile file = Read(File(
            Ordered(
                ("whole", Tensor(storage, 0, [2, 3], [3, 1])),
                ("transposed", Tensor(storage, 0, [3, 2], [1, 3])),
                ("end", Tensor(storage, 4, [2], [1])),
                ("repeated", Tensor(storage, 5, [4], [0])),
                ("empty", Tensor(storage, 6, [0, 3], [3, 1]))),
            ("0", Six)));
        IReadOnlyDictionary<string, Tensor> tensors = file.StateDictionary("w.pth");
        Assert.Equal(["whole", "transposed", "end", "repeated", "empty"], tensors.Keys);
        Assert.Equal([0, 1, 2, 3, 4, 5], Values(tensors["whole"]));
        Assert.Equal([0, 3, 1, 4, 2, 5], Values(tensors["transposed"]));
        Assert.Equal([4, 5], Values(tensors["end"]));
        Assert.Equal([5, 5, 5, 5], Values(tensors["repeated"]));
        Assert.Equal([0, 3], tensors["empty"].shape);
        using (no_grad())
        {
            tensors["end"].fill_(9);
        }

        Assert.Equal([0, 1, 2, 3, 9, 9], Values(tensors["whole"]));
    }

    [Fact]
    public void Dictionaries_are_found_by_their_place_and_other_objects_passed_over()
    {
        byte[] scheduler = [.. Global("torch.optim.lr_scheduler", "StepLR"), (byte)')', 0x81, .. Dictionary(("last_epoch", Int(3))), (byte)'b'];
        using PyTorchFile file = Read(File(
            Dictionary(
                ("epoch", Int(94)),
                ("net_state_dict", Ordered(("a.b", Floats("0", 6)))),
                ("optimizer", Dictionary(("state", Dictionary((Int(0), Dictionary(("exp_avg", Floats("absent", 6)))))), ("groups", "]("u8.ToArray().Concat(Int(1)).Append((byte)'e').ToArray()))),
                ("lr_scheduler", scheduler),
                ("complex", Tensor(Storage("ComplexFloatStorage", "1", 1), 0, [1], [1]))),
            ("0", Six)));
        Assert.Equal(["net_state_dict"], file.StateDictionaries.Keys);
        Assert.Equal([0, 1, 2, 3, 4, 5], Values(file.StateDictionary("w.pth")["a.b"]));
        Assert.Equal("torch.optim.lr_scheduler.StepLR", file.PassedOver["lr_scheduler"]);
        Assert.Equal("torch.ComplexFloatStorage", file.PassedOver["complex"]);
        Assert.Equal("a list", file.PassedOver["optimizer/groups"]);
    }

    [Fact]
    public void What_a_pickle_names_is_never_executed()
    {
        using TemporaryFolder folder = new();
        string trace = folder["trace"];
        byte[] call = Call(Global("os", "system"), Text($"touch {trace}"));
        using PyTorchFile file = Read(File(Dictionary(("x", Floats("0", 6)), ("evil", call)), ("0", Six)));
        Assert.Equal("os.system", file.PassedOver["evil"]);
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Parameters_and_subclasses_are_the_tensors_inside()
    {
        byte[] tensor = Floats("0", 6);
        byte[] arguments = Tuple(Storage("FloatStorage", "0", 6), Int(0), Ints(6), Ints(1), False, Ordered());
        using PyTorchFile file = Read(File(
            Dictionary(
                ("parameter", Call(Global("torch._utils", "_rebuild_parameter"), tensor, [0x88], Ordered())),
                ("stated", Call(Global("torch._utils", "_rebuild_parameter_with_state"), tensor, [0x88], Ordered(), Dictionary(("note", None)))),
                ("typed", Call(Global("torch._tensor", "_rebuild_from_type_v2"), Global("torch._utils", "_rebuild_tensor_v2"), Global("my", "Tensor"), arguments, None)),
                ("untyped", Call(
                    Global("torch._utils", "_rebuild_tensor_v3"), Storage("UntypedStorage", "1", 24), Int(0), Call(Global("torch", "Size"), Ints(6)), Ints(1), False, Ordered(), Global("torch", "float32")))),
            ("0", Six),
            ("1", Six)));
        Assert.Equal(4, file.StateDictionary("w.pth").Count);
        Assert.All(file.StateDictionary("w.pth").Values, value => Assert.Equal([0, 1, 2, 3, 4, 5], Values(value)));
    }

    [Fact]
    public void A_view_whose_values_are_not_those_of_its_storage_is_passed_over()
    {
        byte[] Bits(byte value) => Dictionary(("neg", [value]));
        byte[] View(byte value) => Call(
            Global("torch._utils", "_rebuild_tensor_v2"), Storage("FloatStorage", "0", 6), Int(0), Ints(6), Ints(1), False, Ordered(), Bits(value));
        using PyTorchFile file = Read(File(Dictionary(("plain", View(0x89)), ("negated", View(0x88))), ("0", Six)));
        Assert.Equal(["plain"], file.StateDictionary("w.pth").Keys);
        Assert.Equal("a negated or conjugated view", file.PassedOver["negated"]);
    }

    [Fact]
    public void The_opcodes_of_protocols_4_and_5_are_understood()
    {
        // FRAME, EMPTY_DICT, MEMOIZE, SHORT_BINUNICODE, MEMOIZE, ... STACK_GLOBAL, with both names from the memo later.
        byte[] global = [0x8C, 12, .. "torch._utils"u8, 0x94, 0x8C, 18, .. "_rebuild_tensor_v2"u8, 0x94, 0x93, 0x94];
        byte[] storage = [(byte)'(', 0x8C, 7, .. "storage"u8, .. Global("torch", "FloatStorage"), 0x8C, 1, (byte)'0', 0x8C, 3, .. "cpu"u8, (byte)'K', 6, (byte)'t', (byte)'Q'];
        byte[] arguments = [(byte)'(', .. storage, (byte)'K', 0, (byte)'K', 2, (byte)'K', 3, 0x86, (byte)'K', 3, (byte)'K', 1, 0x86, 0x89, .. Ordered(), (byte)'t'];
        byte[] content =
        [
            0x95, 0, 0, 0, 0, 0, 0, 0, 0, (byte)'}', 0x94, (byte)'(', 0x8C, 1, (byte)'a', 0x94, .. global, .. arguments, (byte)'R', 0x94,
            0x8C, 1, (byte)'b', (byte)'h', 5, 0x8D, 1, 0, 0, 0, 0, 0, 0, 0, (byte)'c', 0x96, 2, 0, 0, 0, 0, 0, 0, 0, 9, 9, 0x8C, 1, (byte)'s', 0x8F, (byte)'(', (byte)'K', 1, 0x90, (byte)'u',
        ];
        foreach (byte protocol in (byte[])[4, 5])
        {
            using PyTorchFile file = Read(FileOf(Pickle(content, protocol), ("0", Six)));
            IReadOnlyDictionary<string, Tensor> tensors = file.StateDictionary("w.pth");
            Assert.Equal(["a", "b"], tensors.Keys);
            Assert.Equal([2, 3], tensors["b"].shape);
            Assert.Equal(("bytes", "a set"), (file.PassedOver["c"], file.PassedOver["s"]));
        }
    }

    [Fact]
    public void A_dictionary_that_holds_itself_is_visited_once()
    {
        // The dictionary is remembered as 0 and set under "self" in itself.
        byte[] content = [(byte)'}', (byte)'q', 0, (byte)'(', .. Text("self"), (byte)'h', 0, .. Text("x"), .. Floats("0", 6), (byte)'u'];
        using PyTorchFile file = Read(File(content, ("0", Six)));
        Assert.Equal([""], file.StateDictionaries.Keys);
    }

    [Fact]
    public void Of_several_state_dictionaries_one_must_be_named()
    {
        using PyTorchFile file = Read(File(Dictionary(("model", Ordered(("x", Floats("0", 6)))), ("average", Ordered(("y", Floats("0", 6))))), ("0", Six)));
        string message = Assert.Throws<WeightsFileException>(() => { file.StateDictionary("w.pth"); }).Message;
        Assert.Equal("w.pth: one dictionary of tensors by name was expected; there is 'model', 'average'.", message);
        Assert.Equal(["y"], file.StateDictionary("w.pth", "average").Keys);
        Assert.Contains("'ema'", Assert.Throws<WeightsFileException>(() => { file.StateDictionary("w.pth", "ema"); }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_are_not_finite_are_refused_with_their_place()
    {
        using PyTorchFile file = Read(File(Dictionary(("x", Tensor(Storage("FloatStorage", "0", 4), 0, [2, 2], [1, 2]))), ("0", Bytes(1, 2, float.NaN, 4))));
        string message = Assert.Throws<WeightsFileException>(() => file.EnsureFinite("w.pth")).Message;
        Assert.Equal("w.pth: tensor 'x': the value at [0, 1] is not finite.", message);
    }

    private static PyTorchFile Read(byte[] file) => PyTorchReader.Read(new MemoryStream(file), "w.pth");

    private static float[] Values(Tensor tensor)
    {
        using Tensor copy = tensor.contiguous();
        return [.. copy.data<float>()];
    }
}
