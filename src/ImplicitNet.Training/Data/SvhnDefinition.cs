using ImplicitNet.Files;
using ImplicitNet.Training.Data.Matlab;

namespace ImplicitNet.Training.Data;

/// <summary>
/// SVHN, cropped: 73,257 and 26,032 colour photographs of house numbers, 32 x 32 around the digit to be recognised (Netzer, Wang, Coates,
/// Bissacco, Wu and Ng, 2011). The label is the digit; in the files the digit 0 is labelled 10.
/// </summary>
public sealed record SvhnDefinition : DatasetDefinition
{
    private const int PublishedTrainImages = 73_257;
    private const int PublishedTestImages = 26_032;

    private SvhnDefinition()
    {
    }

    /// <summary>The data set as its publisher describes it, without the extra training images.</summary>
    public static SvhnDefinition Published { get; } = new()
    {
        Title = "SVHN",
        FolderName = "svhn",
        ClassCount = SvhnFile.ClassCount,
        Normalization = PixelNormalization.Svhn,
        Train = new DatasetFile("train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373")
        {
            MaximumBytes = 182_040_794,
            Sha256 = "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
        },
        Test = new DatasetFile("test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3")
        {
            MaximumBytes = 64_275_384,
            Sha256 = "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
        },
        // The publisher's own server speaks http only: the SHA-256, which is that of the lists of TensorFlow Datasets, tells what is
        // changed on the way.
        Mirrors = [new Uri("http://ufldl.stanford.edu/housenumbers/")],
    };

    /// <summary>The training part.</summary>
    public required DatasetFile Train { get; init; }

    /// <summary>The test part.</summary>
    public required DatasetFile Test { get; init; }

    /// <summary>The two files.</summary>
    public override IReadOnlyList<DatasetFile> Files => [Train, Test];

    internal override Func<TrainTest>? Find(string folder)
    {
        string train = Path.Combine(folder, Train.Name);
        string test = Path.Combine(folder, Test.Name);
        return File.Exists(train) && File.Exists(test) ? () => Read(train, test) : null;
    }

    internal override string Missing(IReadOnlyList<string> folders)
    {
        string[] missing =
            [.. Files.Select(file => file.Name).Where(name => !folders.Any(folder => File.Exists(Path.Combine(folder, name))))];
        return missing.Length == 0 ? "the two files in one folder" : string.Join(", ", missing);
    }

    private TrainTest Read(string trainPath, string testPath)
    {
        ImageDataset train = SvhnFile.Read(trainPath, $"{Title} train");
        ImageDataset test = SvhnFile.Read(testPath, $"{Title} test");
        return new TrainTest(train, test) { Remarks = [.. Remark(train, PublishedTrainImages), .. Remark(test, PublishedTestImages)] };

        static IEnumerable<string> Remark(ImageDataset part, int published) =>
            part.Count == published ? [] : [$"{part.Name}: {part.Count} images, of the {published} that are published."];
    }
}
