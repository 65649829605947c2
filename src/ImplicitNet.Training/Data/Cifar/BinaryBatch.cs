namespace ImplicitNet.Training.Data.Cifar;

/// <summary>A file of the binary form: for each image a byte of label and three planes, red, green and blue, row by row.</summary>
internal static class BinaryBatch
{
    public const int RecordBytes = 1 + Cifar10Batch.ImageBytes;

    /// <exception cref="DataFileException">It is not a whole number of images from 1 to 10,000, or a label is out of range.</exception>
    public static Cifar10Batch Parse(byte[] content, string name)
    {
        (int count, int rest) = Math.DivRem(content.Length, RecordBytes);
        if (rest != 0 || count is < 1 or > Cifar10Batch.PublishedImages)
        {
            throw new DataFileException(
                name, null, $"it has {content.Length} bytes, expected 1 to {Cifar10Batch.PublishedImages} images of {RecordBytes} bytes "
                    + $"each: it was cut short, or is no batch of CIFAR-10.");
        }

        Cifar10Batch batch = new(new byte[count * Cifar10Batch.ImageBytes], new byte[count]);
        for (int index = 0; index < count; index++)
        {
            ReadOnlySpan<byte> record = content.AsSpan(index * RecordBytes, RecordBytes);
            if (record[0] >= Cifar10Batch.ClassCount)
            {
                throw new DataFileException(
                    name, (long)index * RecordBytes, $"label {record[0]} of image {index} is out of range: "
                        + $"expected 0 to {Cifar10Batch.ClassCount - 1}.");
            }

            batch.Labels[index] = record[0];
            Cifar10Batch.Interleave(record[1..], batch.Pixels.AsSpan(index * Cifar10Batch.ImageBytes));
        }

        return batch;
    }
}
