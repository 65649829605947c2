using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Evaluation;

public sealed class ConfusionTests : TensorTest
{
    public static TheoryData<long[], ScalarType, long[], ScalarType, string> Misfits => new()
    {
        { [4, 2], ScalarType.Float32, [4], ScalarType.Int64, "[4, 2] Float32 and [4] Int64" },
        { [4], ScalarType.Float32, [4], ScalarType.Int64, "[4] Float32 and [4] Int64" },
        { [4, 1, 3], ScalarType.Float32, [4], ScalarType.Int64, "[4, 1, 3] Float32 and [4] Int64" },
        { [3, 3], ScalarType.Float32, [4], ScalarType.Int64, "[3, 3] Float32 and [4] Int64" },
        { [4, 3], ScalarType.Float32, [4, 1], ScalarType.Int64, "[4, 3] Float32 and [4, 1] Int64" },
        { [4, 3], ScalarType.Float32, [4], ScalarType.Float32, "[4, 3] Float32 and [4] Float32" },
        { [4, 3], ScalarType.Bool, [4], ScalarType.Int64, "The output must be floating point. Given: [4, 3] Bool." },
    };

    [Theory]
    [InlineData(ScalarType.Int64, ScalarType.Float32)]
    [InlineData(ScalarType.Int32, ScalarType.Float64)]
    [InlineData(ScalarType.Byte, ScalarType.BFloat16)]
    public void Every_sample_is_counted_where_its_class_and_its_prediction_meet(ScalarType classes, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        Confusion confusion = new(3);
        using Batch batch = new(zeros(4, 1), tensor(new long[] { 0, 2, 2, 1 }).to(classes));
        confusion.Add(tensor(new float[,] { { 3, 1, 0 }, { 0, 1, 2 }, { 5, 0, 0 }, { 0, 1, 0 } }).to(dtype), batch);
        Assert.Equal([[1, 0, 0], [0, 1, 0], [1, 0, 1]], confusion.Counts.Select(row => row.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Misfits))]
    public void What_is_no_answer_of_so_many_classes_is_refused_by_both_shapes(
        long[] outputs, ScalarType dtype, long[] targets, ScalarType targetType, string words)
    {
        using DisposeScope scope = NewDisposeScope();
        Confusion confusion = new(3);
        using Batch batch = new(zeros(4, 1), zeros(targets, targetType));
        string message = Assert.Throws<ArgumentException>(() => confusion.Add(zeros(outputs, dtype), batch)).Message;
        Assert.Contains(words, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void A_class_beyond_the_last_is_named_and_nothing_was_counted(long wrong)
    {
        using DisposeScope scope = NewDisposeScope();
        Confusion confusion = new(3);
        using Batch batch = new(zeros(2, 1), tensor(new[] { 0, wrong }));
        string message = Assert.Throws<ArgumentException>(() => confusion.Add(zeros(2, 3), batch)).Message;
        Assert.StartsWith($"Classes are 0 to 2. That of sample 1: {wrong}.", message, StringComparison.Ordinal);
        Assert.All(confusion.Counts, row => Assert.All(row, count => Assert.Equal(0, count)));
    }
}
