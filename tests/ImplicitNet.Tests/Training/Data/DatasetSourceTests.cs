using System.Net;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class DatasetSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", ".gz")]
    [InlineData("", "")]
    [InlineData("mnist", ".gz")]
    [InlineData("mnist", "")]
    public async Task Files_given_in_a_folder_are_found_packed_or_not(string subfolder, string extension)
    {
        WriteAll(subfolder, extension);
        TrainTest parts = await FromFolder().LoadAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((3, 2), (parts.Train.Count, parts.Test.Count));
        Assert.Equal("MNIST train", parts.Train.Name);
    }

    [Theory]
    [InlineData("", true, "")]
    [InlineData("mnist", true, ".gz")]
    [InlineData("raw", false, "")]
    [InlineData("MNIST/raw", false, "")]
    [InlineData("MNIST/raw", true, ".gz")]
    [InlineData("mnist/raw", false, ".gz")]
    public async Task Names_with_a_dot_and_the_folders_of_torchvision_are_found(string subfolder, bool hasDot, string extension)
    {
        WriteAll(subfolder, extension, hasDot);
        TrainTest parts = await FromFolder().LoadAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((3, 2), (parts.Train.Count, parts.Test.Count));
    }

    [Fact]
    public async Task A_folder_that_lacks_a_file_is_refused_without_a_download()
    {
        WriteAll("", ".gz");
        File.Delete(_folder["t10k-labels-idx1-ubyte.gz"]);
        FakeMirror mirror = new((_, _) => throw new HttpRequestException("asked"));
        DataFileException fault = await Assert.ThrowsAsync<DataFileException>(() => FromFolder(mirror).LoadAsync(cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("MNIST is not complete here: missing t10k-labels-idx1-ubyte (", fault.Message, StringComparison.Ordinal);
        Assert.Equal(_folder.Path, fault.Path);
        Assert.Empty(mirror.Asked);
    }

    [Fact]
    public async Task Train_and_test_images_of_different_size_are_refused()
    {
        WriteAll("", "");
        _folder.Write("t10k-images-idx3-ubyte", IdxBytes.Images(2, 4, 5));
        DataFileException fault = await Assert.ThrowsAsync<DataFileException>(() => FromFolder().LoadAsync(cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("images of 4 x 5, expected 5 x 4", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_network_the_message_says_what_to_put_where()
    {
        FakeMirror mirror = new((_, _) => throw new HttpRequestException("no such host"));
        DataFileException fault = await Assert.ThrowsAsync<DataFileException>(() => FromCache(mirror, IdxDatasetDefinition.Mnist).LoadAsync(cancellation: TestContext.Current.CancellationToken));
        Assert.StartsWith(
            $"{_folder["mnist"]}: MNIST is not here and cannot be fetched. Put train-images-idx3-ubyte.gz, "
            + "train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz into this folder, ",
            fault.Message, StringComparison.Ordinal);
        Assert.Contains("no such host", fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, mirror.Asked.Count);
        Assert.Empty(Directory.EnumerateFiles(_folder["mnist"]));
    }

    [Fact]
    public async Task Missing_files_are_downloaded_once_and_damaged_ones_anew()
    {
        FakeMirror mirror = new((source, _) => Task.FromResult(
            Small.Packed.TryGetValue(source.Segments[^1], out byte[]? body) ? FakeMirror.Content(body) : new HttpResponseMessage(HttpStatusCode.NotFound)));
        DatasetSource source = FromCache(mirror, Small.Definition);
        TrainTest parts = await source.LoadAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((3, 2), (parts.Train.Count, parts.Test.Count));
        Assert.Equal(4, mirror.Asked.Count);

        await source.LoadAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(4, mirror.Asked.Count);

        _folder.Write(Path.Combine("small", "c.gz"), Small.Packed["c.gz"].AsSpan(1));
        await source.LoadAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(5, mirror.Asked.Count);
        Assert.Equal(["a.gz", "b.gz", "c.gz", "d.gz"], Directory.EnumerateFiles(_folder["small"]).Select(file => Path.GetFileName(file)).Order());
    }

    [Fact]
    public void The_published_files_have_checksums_of_their_own()
    {
        DatasetDefinition[] definitions = [IdxDatasetDefinition.Mnist, IdxDatasetDefinition.FashionMnist, Cifar10Definition.Published, SvhnDefinition.Published];
        DatasetFile[] files = [.. definitions.SelectMany(definition => definition.Files)];
        Assert.Equal(11, files.Select(file => file.Md5).Distinct().Count());
        Assert.All(files, file => Assert.Matches("^[0-9a-f]{32}$", file.Md5));
        Assert.Equal(11, files.Select(file => file.Sha256).Distinct().Count());
        Assert.All(files, file => Assert.Matches("^[0-9a-f]{64}$", file.Sha256));
        Assert.All(definitions.SelectMany(definition => definition.Mirrors), mirror => Assert.EndsWith("/", mirror.AbsoluteUri, StringComparison.Ordinal));
    }

    private void WriteAll(string subfolder, string extension, bool hasDot = false)
    {
        IReadOnlyList<DatasetFile> files = IdxDatasetDefinition.Mnist.Files;
        byte[][] contents = [IdxBytes.Images(3, 5, 4), IdxBytes.Labels(1, 2, 3), IdxBytes.Images(2, 5, 4), IdxBytes.Labels(4, 5)];
        foreach ((DatasetFile file, byte[] content) in files.Zip(contents))
        {
            string name = Path.GetFileNameWithoutExtension(file.Name);
            _folder.Write(Path.Combine(subfolder, (hasDot ? name.Replace("-idx", ".idx", StringComparison.Ordinal) : name) + extension), extension.Length == 0 ? content : IdxBytes.Packed(content));
        }
    }

    private DatasetSource FromFolder(FakeMirror? mirror = null) =>
        new(IdxDatasetDefinition.Mnist) { DataDirectory = _folder.Path, Handler = mirror };

    private DatasetSource FromCache(FakeMirror mirror, DatasetDefinition definition) =>
        new(definition) { CacheDirectory = _folder.Path, Handler = mirror };

    /// <summary>A published data set of five images.</summary>
    private static class Small
    {
        public static readonly Dictionary<string, byte[]> Packed = new()
        {
            ["a.gz"] = IdxBytes.Packed(IdxBytes.Images(3, 5, 4)),
            ["b.gz"] = IdxBytes.Packed(IdxBytes.Labels(1, 2, 3)),
            ["c.gz"] = IdxBytes.Packed(IdxBytes.Images(2, 5, 4)),
            ["d.gz"] = IdxBytes.Packed(IdxBytes.Labels(4, 5)),
        };

        public static readonly IdxDatasetDefinition Definition = IdxDatasetDefinition.Mnist with
        {
            FolderName = "small",
            TrainImages = File("a"),
            TrainLabels = File("b"),
            TestImages = File("c"),
            TestLabels = File("d"),
        };

        private static DatasetFile File(string name) => new($"{name}.gz", IdxBytes.Md5(Packed[$"{name}.gz"]));
    }
}
