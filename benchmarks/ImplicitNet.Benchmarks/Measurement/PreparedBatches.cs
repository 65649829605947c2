using ImplicitNet.Files;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Measurement;

/// <summary>
/// Batches made before the clock starts, each in both memory layouts, so that neither side pays for reading or reordering.
/// </summary>
internal sealed class PreparedBatches : IDisposable
{
    private readonly List<(Tensor First, Tensor Last, Tensor Labels)> _batches;

    private PreparedBatches(List<(Tensor, Tensor, Tensor)> batches, int images) => (_batches, Images) = (batches, images);

    /// <summary>Number of batches.</summary>
    public int Count => _batches.Count;

    /// <summary>Images in all of them.</summary>
    public int Images { get; }

    /// <summary>Whole batches of training images in the order of a first epoch, as many as there are and at most so many.</summary>
    public static PreparedBatches ToTrain(MeasuredImages images, int batch, int most)
    {
        ImageBatches source = new(images.Train, new BatchOptions { Normalization = images.Normalization, BatchSize = batch });
        return Of(source.Epoch(0).Take(Math.Clamp(images.Train.Count / batch, 1, most)));
    }

    /// <summary>All test images in their order.</summary>
    public static PreparedBatches ToInfer(MeasuredImages images, int batch, PixelNormalization? normalization = null) =>
        Of(new ImageBatches(images.Test, new BatchOptions { Normalization = normalization ?? images.Normalization, BatchSize = batch })
            .InOrder());

    /// <summary>Images [batch, 1, height, width] with channels first in memory, and labels [batch]. Stays this object's.</summary>
    public (Tensor Images, Tensor Labels) ChannelsFirst(int index) => (_batches[index % Count].First, _batches[index % Count].Labels);

    /// <summary>The same images with channels last in memory.</summary>
    public (Tensor Images, Tensor Labels) ChannelsLast(int index) => (_batches[index % Count].Last, _batches[index % Count].Labels);

    /// <summary>Releases the tensors.</summary>
    public void Dispose()
    {
        foreach ((Tensor first, Tensor last, Tensor labels) in _batches)
        {
            first.Dispose();
            last.Dispose();
            labels.Dispose();
        }
    }

    private static PreparedBatches Of(IEnumerable<Batch> source)
    {
        List<(Tensor, Tensor, Tensor)> batches = [];
        int images = 0;
        foreach (Batch batch in source)
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();

            // One channel: contiguous() takes both layouts for the same and would return the tensor as it is, whose strides
            // make every convolution choose channels last. New memory has the strides of its shape.
            Tensor first = empty(batch.Inputs.shape).copy_(batch.Inputs);
            batches.Add((first.DetachFromDisposeScope(), batch.Inputs.alias().DetachFromDisposeScope(), batch.Targets.alias()
                .DetachFromDisposeScope()));
            images += batch.Count;
        }

        return new PreparedBatches(batches, images);
    }
}
