namespace ImplicitNet.Training.Data;

/// <summary>A data set published as four IDX files: what they are called, where they are, and how to normalise them.</summary>
public sealed record IdxDatasetDefinition
{
    /// <summary>MNIST: 60,000 and 10,000 handwritten digits of 28 x 28 (LeCun, Cortes and Burges, 1998).</summary>
    public static IdxDatasetDefinition Mnist { get; } = new()
    {
        Title = "MNIST",
        FolderName = "mnist",
        ClassCount = 10,
        Normalization = PixelNormalization.Mnist,
        TrainImages = new IdxDatasetFile("train-images-idx3-ubyte", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        TrainLabels = new IdxDatasetFile("train-labels-idx1-ubyte", "d53e105ee54ea40749a09fcbcd1e9432"),
        TestImages = new IdxDatasetFile("t10k-images-idx3-ubyte", "9fb629c4189551a2d022fa330f9573f3"),
        TestLabels = new IdxDatasetFile("t10k-labels-idx1-ubyte", "ec29112dd5afa0611ce80d1b7f02629c"),
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
        TrainImages = new IdxDatasetFile("train-images-idx3-ubyte", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        TrainLabels = new IdxDatasetFile("train-labels-idx1-ubyte", "25c81989df183df01b3e8a0aad5dffbe"),
        TestImages = new IdxDatasetFile("t10k-images-idx3-ubyte", "bef4ecab320f06d8554ea6380940ec79"),
        TestLabels = new IdxDatasetFile("t10k-labels-idx1-ubyte", "bb300cfdad3c16e7a12a480ee83cd310"),
        // The publisher's own server speaks http only; the checksum catches what that lets through by accident.
        Mirrors = [new Uri("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/")],
    };

    /// <summary>The name people know it by.</summary>
    public required string Title { get; init; }

    /// <summary>The name of its folder within a folder of data sets.</summary>
    public required string FolderName { get; init; }

    /// <summary>Number of classes, from 1 to 256.</summary>
    public required int ClassCount { get; init; }

    /// <summary>How its bytes become inputs.</summary>
    public required PixelNormalization Normalization { get; init; }

    /// <summary>The training images.</summary>
    public required IdxDatasetFile TrainImages { get; init; }

    /// <summary>The training labels.</summary>
    public required IdxDatasetFile TrainLabels { get; init; }

    /// <summary>The test images.</summary>
    public required IdxDatasetFile TestImages { get; init; }

    /// <summary>The test labels.</summary>
    public required IdxDatasetFile TestLabels { get; init; }

    /// <summary>Addresses of folders that hold the packed files, each ending in '/'; tried in this order.</summary>
    public required IReadOnlyList<Uri> Mirrors { get; init; }

    /// <summary>The four files.</summary>
    public IReadOnlyList<IdxDatasetFile> Files => [TrainImages, TrainLabels, TestImages, TestLabels];
}
