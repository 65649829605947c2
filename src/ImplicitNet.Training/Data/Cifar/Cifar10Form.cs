namespace ImplicitNet.Training.Data.Cifar;

/// <summary>One of the two forms in which CIFAR-10 is published: six files of one kind, in a folder or in an archive.</summary>
/// <param name="Extension">What the names of the files end in.</param>
/// <param name="FolderName">The folder that the files are in, within the archive.</param>
/// <param name="ArchiveName">The published archive.</param>
/// <param name="LargestFile">The most bytes of one file.</param>
/// <param name="Parse">A whole file and the name that messages give it to a batch.</param>
internal sealed record Cifar10Form(
    string Extension, string FolderName, string ArchiveName, int LargestFile, Func<byte[], string, Cifar10Batch> Parse)
{
    /// <summary>Number of files.</summary>
    public const int Files = 6;

    public static Cifar10Form Binary { get; } = new(
        ".bin", "cifar-10-batches-bin", "cifar-10-binary.tar.gz", Cifar10Batch.PublishedImages * BinaryBatch.RecordBytes,
        BinaryBatch.Parse);

    // 31 MB is published; as much again would be file names.
    public static Cifar10Form Pickled { get; } = new("", "cifar-10-batches-py", "cifar-10-python.tar.gz", 1 << 26, PickledBatch.Parse);

    public static IReadOnlyList<Cifar10Form> All { get; } = [Binary, Pickled];

    /// <summary>The files in order, the test batch last.</summary>
    public IReadOnlyList<string> Names =>
        [.. Enumerable.Range(1, Files - 1).Select(number => $"data_batch_{number}{Extension}"), $"test_batch{Extension}"];

    /// <summary>Looks for the files, or the archive, in a folder.</summary>
    /// <returns>What reads them; null where they are not all there.</returns>
    public Func<TrainTest>? Find(string folder, string title)
    {
        foreach (string place in Places(folder))
        {
            string?[] paths = [.. Names.Select(name => PathOf(place, name))];
            if (paths.All(path => path is not null))
            {
                return () => Join(title, [.. paths.Select(path => Parse(ReadWhole(path!), path!))], place);
            }
        }

        string archive = Path.Combine(folder, ArchiveName);
        return File.Exists(archive) ? () => Join(title, Cifar10Archive.Read(archive, this), archive) : null;
    }

    /// <summary>The files that are missing, for each place in which they could be.</summary>
    public IEnumerable<string[]> Missing(string folder) =>
        Places(folder).Select(place => Names.Where(name => PathOf(place, name) is null).ToArray());

    private string[] Places(string folder) => [folder, Path.Combine(folder, FolderName)];

    // A part of the test batch, such as test_batch_first1000.bin, does where the whole is not there.
    private string? PathOf(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (File.Exists(path) || name != Names[^1] || !Directory.Exists(folder))
        {
            return File.Exists(path) ? path : null;
        }

        string[] parts = [.. Directory.EnumerateFiles(folder, "test_batch*").Where(part => Path.GetExtension(part) == Extension)];
        return parts.Length == 1 ? parts[0] : null;
    }

    private byte[] ReadWhole(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > LargestFile)
            {
                throw new DataFileException(
                    path,
                    null,
                    $"it has {stream.Length} bytes, more than the {LargestFile} of a batch of {Cifar10Batch.PublishedImages} images.");
            }

            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            return content;
        }
        catch (Exception cause) when (cause is (IOException and not DataFileException) or UnauthorizedAccessException)
        {
            throw new DataFileException(path, null, $"the file cannot be read: {cause.Message}", cause);
        }
    }

    private static TrainTest Join(string title, IReadOnlyList<Cifar10Batch> batches, string place)
    {
        ImageDataset train = Cifar10Batch.Join($"{title} train", [.. batches.SkipLast(1)]);
        ImageDataset test = Cifar10Batch.Join($"{title} test", [batches[^1]]);
        return new TrainTest(train, test)
        {
            Remarks = [.. Remark(train, (Files - 1) * Cifar10Batch.PublishedImages), .. Remark(test, Cifar10Batch.PublishedImages)],
        };

        IEnumerable<string> Remark(ImageDataset part, int published) =>
            part.Count == published ? [] : [$"{part.Name}: {part.Count} images found in {place}, of the {published} that are published."];
    }
}
