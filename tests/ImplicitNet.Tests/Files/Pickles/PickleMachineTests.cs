using ImplicitNet.Files.Pickles;

namespace ImplicitNet.Tests.Files.Pickles;

/// <summary>Pickles written opcode by opcode..</summary>
public sealed class PickleMachineTests
{
    [Fact]
    public void Every_plain_opcode_gives_its_value()
    {
        object?[] items = Assert.IsType<object?[]>(Read(
            "\u0080\u0002(K\u0007M\u0001\u0002J\u00fe\u00ff\u00ff\u00ff\u008a\u0002\u0000\u0080\u008a\u0000N\u0088\u0089X\u0002\u0000\u0000\u0000\u00c3\u00a9U\u0001\u00e9)K\u0001\u0085K\u0001K\u0002\u0086]K\u0003ar\u0005\u0000\u0000\u0000j\u0005\u0000\u0000\u0000t."));
        Assert.Equal<object?>([7L, 513L, -2L, -32768L, 0L, null, true, false, "\u00e9", "\u00e9"], items[..10]);
        Assert.Equal((0, 1, 2), (Assert.IsType<object?[]>(items[10]).Length, Assert.IsType<object?[]>(items[11]).Length, Assert.IsType<object?[]>(items[12]).Length));
        Assert.Equal<object?>([3L], Assert.IsType<PickleList>(items[13]).Items);
        Assert.Same(items[13], items[14]);
    }

    [Theory]
    [InlineData("](K\u0001K\u0002e.")]
    [InlineData("]K\u0001aK\u0002a.")]
    [InlineData("(K\u0001K\u0002l.")]
    public void A_list_holds_its_values_in_order(string pickle) => Assert.Equal<object?>([1L, 2L], Assert.IsType<PickleList>(Read(pickle)).Items);

    [Theory]
    [InlineData("C\u0003abc.")]
    [InlineData("B\u0003\u0000\u0000\u0000abc.")]
    [InlineData("\u008e\u0003\u0000\u0000\u0000\u0000\u0000\u0000\u0000abc.")]
    public void Bytes_are_those_of_the_pickle(string pickle) => Assert.Equal("abc"u8.ToArray(), Assert.IsType<PickleByteString>(Read(pickle)).Content.ToArray());

    [Theory]
    [InlineData("cos\nsystem\nU\u0006exit 1\u0085K\u0005b.", null)]
    [InlineData("cos\nsystem\nU\u0006exit 1\u0085RK\u0005b.", 5L)]
    public void What_would_be_called_is_described_and_no_more(string pickle, object? state)
    {
        // Without the opcode that would call it, state is told to nobody.
        object? described = Read(pickle);
        Assert.Equal(state, (described as PickleObject)?.State);
        if (described is PickleObject made)
        {
            Assert.Equal(("os", "system"), (made.Callable.Module, made.Callable.Name));
            Assert.Equal<object?>(["exit 1"], made.Arguments);
            Assert.Equal("os.system", made.What);
        }
    }

    [Fact]
    public void An_object_outside_the_pickle_is_not_looked_for() => Assert.Equal("an object outside the pickle", Assert.IsType<PickleUnread>(Read("K\u0001Q.")).What);

    /// <summary>A list in itself is walked by nobody here, and a value that takes no items drops them.</summary>
    [Fact]
    public void A_list_may_hold_itself_and_a_number_nothing()
    {
        PickleList list = Assert.IsType<PickleList>(Read("]q\u0001h\u0001a."));
        Assert.Same(list, list.Items.Single());
        Assert.Equal(1L, Read("K\u0001K\u0002a."));
    }

    private static object? Read(string pickle) =>
        PickleMachine.Read(new PickleSource(Cifar10Bytes.Raw(pickle), (place, problem, cause) => new FormatException($"byte {place}: {problem}", cause)));
}
