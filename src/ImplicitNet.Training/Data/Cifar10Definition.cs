using ImplicitNet.Files;
using ImplicitNet.Training.Data.Cifar;

namespace ImplicitNet.Training.Data;

/// <summary>CIFAR-10: 50,000 and 10,000 colour photographs of 32 x 32 in ten classes (Krizhevsky, 2009).</summary>
/// <remarks>
/// It is read from either published archive, packed or unpacked: the binary one, which is downloaded, or the one for Python, from whose
/// pickles only numbers, texts and lists are read and nothing is executed. A batch with fewer images than published is accepted with a
/// remark.
/// </remarks>
public sealed record Cifar10Definition : DatasetDefinition
{
    private Cifar10Definition()
    {
    }

    /// <summary>The data set as its publisher describes it.</summary>
    public static Cifar10Definition Published { get; } = new()
    {
        Title = "CIFAR-10",
        FolderName = "cifar10",
        ClassCount = Cifar10Batch.ClassCount,
        Normalization = PixelNormalization.Cifar10,
        BinaryArchive = new DatasetFile("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")
        {
            MaximumBytes = 170_052_171,
            Sha256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        },
        Mirrors = [new Uri("https://www.cs.toronto.edu/~kriz/")],
    };

    /// <summary>The archive that is downloaded.</summary>
    public required DatasetFile BinaryArchive { get; init; }

    /// <summary>The one archive that is downloaded.</summary>
    public override IReadOnlyList<DatasetFile> Files => [BinaryArchive];

    internal override Func<TrainTest>? Find(string folder) =>
        Cifar10Form.All.Select(form => form.Find(folder, Title)).FirstOrDefault(read => read is not null);

    internal override string Missing(IReadOnlyList<string> folders)
    {
        string[] closest = folders.SelectMany(Cifar10Form.Binary.Missing).MinBy(names => names.Length)!;
        return closest.Length < Cifar10Form.Files
            ? string.Join(", ", closest)
            : string.Join(" or ", Cifar10Form.All.Select(form => form.ArchiveName)) + ", or what is in one of them";
    }
}
