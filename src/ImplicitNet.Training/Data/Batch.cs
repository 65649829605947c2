using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>Some images of a data set as tensors. It owns them: dispose it when the step is done.</summary>
/// <remarks>The tensors belong to no dispose scope, also when the batch was made inside one.</remarks>
public sealed class Batch : IDisposable
{
    internal Batch(Tensor images, Tensor labels, Tensor indices)
    {
        Images = images.DetachFromDisposeScope();
        Labels = labels.DetachFromDisposeScope();
        Indices = indices.DetachFromDisposeScope();
        Count = checked((int)indices.shape[0]);
    }

    /// <summary>Number of images.</summary>
    public int Count { get; }

    /// <summary>Normalised images, float32, [batch, channels, height, width] in channels-last memory.</summary>
    public Tensor Images { get; }

    /// <summary>Labels, int64, [batch].</summary>
    public Tensor Labels { get; }

    /// <summary>The index of each image in its data set, int64, [batch].</summary>
    public Tensor Indices { get; }

    /// <summary>Frees the three tensors.</summary>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
        Indices.Dispose();
    }
}
