using ImplicitNet.Files;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Benchmarks.Measurement;

/// <summary>The images that benchmarks run on: MNIST where its folder is named, else drawn digits of the same size.</summary>
/// <param name="Name">Such as "MNIST".</param>
/// <param name="Train">Images to train on.</param>
/// <param name="Test">Images to infer.</param>
/// <param name="Normalization">How their bytes become inputs.</param>
internal sealed record MeasuredImages(string Name, ImageDataset Train, ImageDataset Test, PixelNormalization Normalization)
{
    private const int DrawnTrain = 4000;
    private const int DrawnTest = 2000;

    /// <summary>Reads or draws.</summary>
    /// <param name="directory">MNIST's folder, or the one that has it; null to draw.</param>
    /// <param name="most">Most images of each part; null for all.</param>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    public static MeasuredImages Load(string? directory, int? most = null)
    {
        if (directory is null)
        {
            // At least 10 are drawn: one of each class.
            StrokeDigitsOptions options =
                new() { TrainCount = Math.Max(10, most ?? DrawnTrain), ValidationCount = 10, TestCount = Math.Max(10, most ?? DrawnTest) };
            DataSplits drawn = StrokeDigits.Generate(options);
            return new MeasuredImages("drawn digits", drawn.Train, drawn.Test, PixelNormalization.Mnist);
        }

        DatasetSource source = new(IdxDatasetDefinition.Mnist) { DataDirectory = directory };
        TrainTest parts = source.LoadAsync().GetAwaiter().GetResult();
        return new MeasuredImages("MNIST", First(parts.Train, most), First(parts.Test, most), IdxDatasetDefinition.Mnist.Normalization);
    }

    private static ImageDataset First(ImageDataset dataset, int? most) => dataset.Slice(0, Math.Min(dataset.Count, most ?? dataset.Count));
}
