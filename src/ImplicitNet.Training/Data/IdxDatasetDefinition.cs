namespace ImplicitNet.Training.Data;

/// <summary>A data set published as four IDX files, each packed with gzip.</summary>
public sealed record IdxDatasetDefinition : DatasetDefinition
{
    /// <summary>MNIST: 60,000 and 10,000 handwritten digits of 28 x 28 (LeCun, Cortes and Burges, 1998).</summary>
    public static IdxDatasetDefinition Mnist { get; } = new()
    {
        Title = "MNIST",
        FolderName = "mnist",
        ClassCount = 10,
        Normalization = PixelNormalization.Mnist,
        TrainImages = new DatasetFile("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        TrainLabels = new DatasetFile("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        TestImages = new DatasetFile("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        TestLabels = new DatasetFile("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        Mirrors =
        [
            new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            new Uri("https://storage.googleapis.com/cvdf-datasets/mnist/"),
        ],
    };

    /// <summary>Fashion-MNIST: 60,000 and 10,000 pictures of clothes of 28 x 28 (Xiao, Rasul and Vollgraf, 2017).</summary>
    public static IdxDatasetDefinition FashionMnist { get; } = new()
    {
        Title = "Fashion-MNIST",
        FolderName = "fashion-mnist",
        ClassCount = 10,
        Normalization = PixelNormalization.FashionMnist,
        TrainImages = new DatasetFile("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        TrainLabels = new DatasetFile("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        TestImages = new DatasetFile("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        TestLabels = new DatasetFile("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        // The publisher's own server speaks http only; the checksum catches what that lets through by accident.
        Mirrors = [new Uri("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/")],
    };

    /// <summary>The training images.</summary>
    public required DatasetFile TrainImages { get; init; }

    /// <summary>The training labels.</summary>
    public required DatasetFile TrainLabels { get; init; }

    /// <summary>The test images.</summary>
    public required DatasetFile TestImages { get; init; }

    /// <summary>The test labels.</summary>
    public required DatasetFile TestLabels { get; init; }

    /// <summary>The four files.</summary>
    public override IReadOnlyList<DatasetFile> Files => [TrainImages, TrainLabels, TestImages, TestLabels];

    // All four from one folder: MNIST and Fashion-MNIST give their files the same names.
    internal override Func<TrainTest>? Find(string folder)
    {
        List<string> found = [.. Files.Select(file => Find(folder, file)).OfType<string>()];
        return found.Count == Files.Count ? () => Read(found) : null;
    }

    internal override string Missing(IReadOnlyList<string> folders)
    {
        string missing = string.Join(", ", Files.Where(file => folders.All(folder => Find(folder, file) is null)).Select(UnpackedName));
        return $"{(missing.Length == 0 ? "the four files in one folder" : missing)} (.gz or unpacked)";
    }

    private static string UnpackedName(DatasetFile file) => Path.GetFileNameWithoutExtension(file.Name);

    private static string? Find(string folder, DatasetFile file) =>
        new[] { Path.Combine(folder, file.Name), Path.Combine(folder, UnpackedName(file)) }.FirstOrDefault(File.Exists);

    private TrainTest Read(List<string> paths)
    {
        ImageDataset train = IdxFile.ReadDataset($"{Title} train", paths[0], paths[1], ClassCount);
        ImageDataset test = IdxFile.ReadDataset($"{Title} test", paths[2], paths[3], ClassCount);
        return (train.Height, train.Width) == (test.Height, test.Width)
            ? new TrainTest(train, test)
            : throw new DataFileException(
                paths[2], 8, $"images of {test.Height} x {test.Width}, expected {train.Height} x {train.Width} as in {paths[0]}.");
    }
}
