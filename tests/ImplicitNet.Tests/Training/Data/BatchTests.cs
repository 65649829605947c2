using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

public sealed class BatchTests : TensorTest
{
    [Fact]
    public void It_holds_what_it_was_given_and_frees_it()
    {
        Tensor inputs = rand(3, 2), targets = arange(3, ScalarType.Int64), weights = ones(3), indices = arange(5, 8, ScalarType.Int64), mask = ones([3, 4]);
        using (Batch batch = new(inputs, targets, weights, indices) { More = new Dictionary<string, Tensor> { ["mask"] = mask } })
        {
            Assert.Same(inputs, batch.Inputs);
            Assert.Same(targets, batch.Targets);
            Assert.Same(weights, batch.Weights);
            Assert.Same(indices, batch.Indices);
            Assert.Same(mask, batch.More["mask"]);
            Assert.Equal((3, true), (batch.Count, batch.HasIndices));
        }

        Assert.All([inputs, targets, weights, indices, mask], tensor => Assert.True(tensor.IsInvalid));
    }

    [Fact]
    public void Its_tensors_outlive_the_scope_they_were_made_in()
    {
        Batch batch;
        using (NewDisposeScope())
        {
            batch = new(rand(3, 2), rand(3), rand(3), arange(3, ScalarType.Int64)) { More = new Dictionary<string, Tensor> { ["mask"] = ones([3, 4]) } };
        }

        using (batch)
        {
            Assert.DoesNotContain([batch.Inputs, batch.Targets, batch.Weights!, batch.Indices, batch.More["mask"]], tensor => tensor.IsInvalid);
        }
    }

    [Fact]
    public void Samples_without_numbers_are_not_given_any()
    {
        using Batch batch = new(rand(3, 2), rand(3));
        Assert.False(batch.HasIndices);
        Assert.Contains("needs a source that reads samples by index", Assert.Throws<InvalidOperationException>(() => batch.Indices).Message, StringComparison.Ordinal);
        Assert.Null(batch.Weights);
        Assert.Empty(batch.More);
    }

    [Fact]
    public void A_batch_of_no_samples_is_one()
    {
        using Batch batch = new(rand(0, 2), rand(0));
        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_one_line_and_stays_the_callers()
    {
        using Tensor three = rand(3, 2), four = rand(4, 2), number = tensor(1.5), whole = ones(3, ScalarType.Int64), deep = ones([3, 1], ScalarType.Int64);
        Refused(() => new Batch(three, four), "there are 3 rows of inputs and 4 of targets");
        Refused(() => new Batch(three, three, four), "there are 3 rows of inputs and 4 of weights");
        Refused(() => new Batch(three, three, null, four), "there are 3 rows of inputs and 4 of indices");
        Refused(() => new Batch(three, three) { More = new Dictionary<string, Tensor> { ["mask"] = four } }, "there are 3 rows of inputs and 4 of mask");
        Refused(() => new Batch(number, three), "The tensor of inputs needs a batch dimension: [batch, ...]. Given: a scalar.");
        Refused(() => new Batch(three, number), "The tensor of targets needs a batch dimension");
        Refused(() => new Batch(three, three, whole), "The tensor of weights must be floating point. Given: [3] Int64.");
        Refused(() => new Batch(three, three, null, three), "Indices are [batch] Int64. Given: [3, 2] Float32.");
        Refused(() => new Batch(three, three, null, deep), "Indices are [batch] Int64. Given: [3, 1] Int64.");
        using Tensor sparse = three.to_sparse(), disposed = rand(3);
        disposed.Dispose();
        Refused(() => new Batch(three, sparse), "The tensor of targets is sparse: call to_dense() first.");
        Refused(() => new Batch(disposed, three), "The tensor of inputs has been disposed.");
        Assert.DoesNotContain([three, four, number, whole, deep], tensor => tensor.IsInvalid);
    }

    [Fact]
    public void Floating_tensors_alone_are_brought_to_another_precision()
    {
        Tensor inputs = rand(3, 2), targets = arange(3, ScalarType.Int64), mask = ones(3, ScalarType.Bool), positions = rand(3);
        using Batch batch = new(inputs, targets, ones(3), arange(3, ScalarType.Int64))
        {
            More = new Dictionary<string, Tensor> { ["mask"] = mask, ["positions"] = positions },
        };
        double[] before = [.. inputs.data<float>().Select(value => (double)value)];
        using (NewDisposeScope())
        {
            batch.Convert(ScalarType.Float64, CPU);
        }

        Assert.Equal(
            [ScalarType.Float64, ScalarType.Int64, ScalarType.Float64, ScalarType.Int64, ScalarType.Bool, ScalarType.Float64],
            new[] { batch.Inputs, batch.Targets, batch.Weights!, batch.Indices, batch.More["mask"], batch.More["positions"] }.Select(tensor => tensor.dtype));
        Assert.Equal(before, batch.Inputs.data<double>());
        Assert.Same(targets, batch.Targets);
        Assert.Same(mask, batch.More["mask"]);
        Assert.True(inputs.IsInvalid && positions.IsInvalid);
    }

    [Fact]
    public void A_batch_that_is_right_already_is_left_alone()
    {
        Tensor inputs = rand(3, 2), targets = rand(3);
        using Batch batch = new(inputs, targets);
        batch.Convert(ScalarType.Float32, CPU);
        Assert.Same(inputs, batch.Inputs);
        Assert.Same(targets, batch.Targets);
        Assert.False(inputs.IsInvalid);
    }

    [Fact]
    public void One_tensor_may_be_input_and_target()
    {
        Tensor both = rand(3, 2);
        using Batch batch = new(both, both);
        batch.Convert(ScalarType.Float64, CPU);
        Assert.Same(batch.Inputs, batch.Targets);
        Assert.Equal(ScalarType.Float64, batch.Targets.dtype);
    }

    private static void Refused(Func<Batch> make, string message)
    {
        string actual = Assert.Throws<ArgumentException>(() => make().Dispose()).Message;
        Assert.Contains(message, actual, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', actual);
    }
}
