using ImplicitNet.Files;

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
        TrainImages = new DatasetFile("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873")
        {
            Sha256 = "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        },
        TrainLabels = new DatasetFile("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432")
        {
            Sha256 = "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        },
        TestImages = new DatasetFile("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3")
        {
            Sha256 = "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        },
        TestLabels = new DatasetFile("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c")
        {
            Sha256 = "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
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
        TrainImages = new DatasetFile("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d")
        {
            Sha256 = "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        },
        TrainLabels = new DatasetFile("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe")
        {
            Sha256 = "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        },
        TestImages = new DatasetFile("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79")
        {
            Sha256 = "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        },
        TestLabels = new DatasetFile("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310")
        {
            Sha256 = "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
        // The publisher's own server speaks http only: the SHA-256, which is that of the lists of TensorFlow Datasets, tells what is
        // changed on the way.
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

    // Published with a hyphen; others unpack it with a dot. torchvision keeps the files in a folder "raw".
    private static string? Find(string folder, DatasetFile file) =>
        (from place in (string[])[folder, Path.Combine(folder, "raw")]
         from name in (string[])[UnpackedName(file), DottedName(file)]
         from ending in (string[])[".gz", ""]
         select Path.Combine(place, name + ending)).FirstOrDefault(File.Exists);

    private static string DottedName(DatasetFile file) => UnpackedName(file).Replace("-idx", ".idx", StringComparison.Ordinal);

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
