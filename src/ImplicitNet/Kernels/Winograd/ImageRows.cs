using static TorchSharp.torch;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>A batch of images in channels-last memory, as float32 on the processor, seen from several threads as plain memory.</summary>
internal sealed class ImageRows
{
    private readonly TensorMemory<float> _values;

    private ImageRows(TensorMemory<float> values, ReadOnlySpan<long> shape)
    {
        _values = values;
        (Batch, Size) = ((int)shape[0], new ImageSize((int)shape[2], (int)shape[3]));
        SampleSize = Size.Pixels * (int)shape[1];
    }

    /// <summary>Images.</summary>
    public int Batch { get; }

    /// <summary>Of one of them.</summary>
    public ImageSize Size { get; }

    /// <summary>Numbers of one of them.</summary>
    public int SampleSize { get; }

    /// <summary>Whether images lie in memory as it takes.</summary>
    /// <param name="images">Any tensor.</param>
    /// <param name="channels">How many it takes.</param>
    public static bool Fit(Tensor images, long channels)
    {
        if (images.device_type != TorchSharp.DeviceType.CPU || images.dtype != ScalarType.Float32 || images.ndim != 4
            || images.shape[1] != channels || images.numel() is 0 or > int.MaxValue / sizeof(float))
        {
            return false;
        }

        // Of a side of one pixel, and of one image, the stride says nothing.
        long[] shape = images.shape, strides = images.stride();
        return strides[1] == 1 && (shape[3] == 1 || strides[3] == channels) && (shape[2] == 1 || strides[2] == shape[3] * channels)
            && (shape[0] == 1 || strides[0] == shape[2] * shape[3] * channels);
    }

    /// <summary>Of a batch that <see cref="Fit"/> says yes to, which must outlive this.</summary>
    public static ImageRows Of(Tensor images)
    {
        using Tensor inOrder = images.permute(0, 2, 3, 1);
        return new ImageRows(new TensorMemory<float>(inOrder), images.shape);
    }

    /// <summary>New images, whose values are anything.</summary>
    /// <param name="shape">[batch, channels, height, width].</param>
    /// <returns>The tensor, in the caller's dispose scope, and what this sees of it.</returns>
    public static (Tensor Images, ImageRows Rows) Empty(ReadOnlySpan<long> shape)
    {
        (long channels, long height, long width) = (shape[1], shape[2], shape[3]);
        Tensor images = empty_strided(
            shape.ToArray(), [channels * height * width, 1, width * channels, channels], dtype: ScalarType.Float32);
        return (images, Of(images));
    }

    /// <summary>Some of the images: [count, height, width, channels].</summary>
    public Span<float> Samples(int first, int count) => _values.Slice(first * SampleSize, count * SampleSize);

    /// <summary>Calls a body for all images, some at a time, on torch's threads.</summary>
    /// <param name="most">Images at a time, at most.</param>
    /// <param name="body">Told the first image and how many.</param>
    public void ForEach(int most, Action<int, int> body)
    {
        // Small batches in smaller portions, so that every thread gets some of about equal size.
        int portion = Math.Clamp(Batch / (2 * get_num_threads()), 1, most);
        int portions = (Batch + portion - 1) / portion;
        ThreadTeam.Run(portions, (long)Batch * SampleSize, item => body(item * portion, Math.Min(portion, Batch - (item * portion))));
    }
}
