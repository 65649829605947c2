using ImplicitNet.Benchmarks.Measurement;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Benchmarks;

public sealed class PreparedBatchesTests : TensorTest
{
    [Fact]
    public void Each_layout_is_the_one_that_convolutions_go_on_with()
    {
        using DisposeScope scope = NewDisposeScope();
        using PreparedBatches batches = PreparedBatches.ToTrain(MeasuredImages.Load(null, 20), batch: 8, most: 5);
        using nn.Module<Tensor, Tensor> convolution = nn.Conv2d(1, 4, 3, padding: 1);
        (Tensor first, Tensor last) = (batches.ChannelsFirst(0).Images, batches.ChannelsLast(0).Images);
        Assert.True(first.equal(last).all().ToBoolean());
        Assert.Equal([784L * 4, 784, 28, 1], convolution.call(first).stride());
        Assert.Equal([784L * 4, 1, 28 * 4, 4], convolution.call(last).stride());
    }

    [Fact]
    public void Training_batches_are_whole_and_test_batches_are_all()
    {
        MeasuredImages images = MeasuredImages.Load(null, 20);
        using PreparedBatches training = PreparedBatches.ToTrain(images, batch: 8, most: 5);
        using PreparedBatches tested = PreparedBatches.ToInfer(images, batch: 8);
        Assert.Equal((2, 16, 3, 20), (training.Count, training.Images, tested.Count, tested.Images));
        Assert.Equal(training.ChannelsFirst(0).Labels.data<long>(), training.ChannelsFirst(2).Labels.data<long>());
        Assert.Equal(4, tested.ChannelsLast(2).Images.shape[0]);
    }
}
