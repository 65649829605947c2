using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Cifar;

namespace ImplicitNet.Tests.Training.Data.Cifar;

public sealed class Cifar10FormTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Forms => [".bin", ""];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(".bin", "")]
    [InlineData(".bin", "cifar-10-batches-bin")]
    [InlineData(".bin", "cifar10/cifar-10-batches-bin")]
    [InlineData("", "")]
    [InlineData("", "cifar-10-batches-py")]
    public async Task Files_are_found_in_a_folder(string extension, string subfolder)
    {
        Write(extension, subfolder);
        await Check();
    }

    [Theory]
    [InlineData(".bin", "")]
    [InlineData(".bin", "cifar10")]
    [InlineData("", "")]
    public async Task Archives_are_read_as_they_are(string extension, string subfolder)
    {
        // The order in an archive is any.
        byte[] archive = IdxBytes.Packed(Cifar10Bytes.Tar(Files(extension).Reverse()));
        _folder.Write(Path.Combine(subfolder, Form(extension).ArchiveName), archive);
        await Check();
        Assert.Single(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Pixels_are_red_green_and_blue()
    {
        Write(".bin", "");
        TrainTest parts = await Load();
        ReadOnlySpan<byte> image = parts.Train.Image(1);
        byte[] planes = Cifar10Bytes.Planes(10); // the second image of the first batch: label 9, index 1
        for (int place = 0; place < 1024; place++)
        {
            Assert.Equal([planes[place], planes[1024 + place], planes[2048 + place]], image.Slice(3 * place, 3));
        }
    }

    [Fact]
    public async Task A_part_of_the_test_batch_will_do_and_is_remarked_on()
    {
        Write(".bin", "");
        File.Move(_folder["test_batch.bin"], _folder["test_batch_first3.bin"]);
        await Check();
        Assert.Contains($"CIFAR-10 test: 3 images found in {_folder.Path}, of the 10000 that are published.", (await Load()).Remarks);
        _folder.Write("test_batch_more.bin", Cifar10Bytes.Binary(1));
        Assert.Contains("missing test_batch.bin;", (await Assert.ThrowsAsync<DataFileException>(Load)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_is_named()
    {
        DataFileException nothing = await Assert.ThrowsAsync<DataFileException>(Load);
        Assert.Contains(
            "CIFAR-10 is not complete here: missing cifar-10-binary.tar.gz or cifar-10-python.tar.gz, or what is in one of them; a subfolder cifar10 will do.",
            nothing.Message, StringComparison.Ordinal);
        Write(".bin", "");
        File.Delete(_folder["data_batch_3.bin"]);
        Assert.Contains("missing data_batch_3.bin;", (await Assert.ThrowsAsync<DataFileException>(Load)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_binary_archive_is_what_is_downloaded()
    {
        byte[] archive = IdxBytes.Packed(Cifar10Bytes.Tar(Files(".bin")));
        FakeMirror mirror = new((_, _) => Task.FromResult(FakeMirror.Content(archive)));
        Cifar10Definition small = Cifar10Definition.Published with
        {
            BinaryArchive = new DatasetFile("cifar-10-binary.tar.gz", IdxBytes.Md5(archive)),
        };
        DatasetSource source = new(small) { CacheDirectory = _folder.Path, Handler = mirror };
        Assert.Equal(10, (await source.LoadAsync(cancellation: TestContext.Current.CancellationToken)).Train.Count);
        await source.LoadAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal([new Uri("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz")], mirror.Asked);
    }

    [Fact]
    public async Task What_is_unpacked_in_the_cache_is_not_downloaded()
    {
        Write(".bin", "cifar10/cifar-10-batches-bin");
        FakeMirror mirror = new((_, _) => throw new HttpRequestException("asked"));
        DatasetSource source = new(Cifar10Definition.Published) { CacheDirectory = _folder.Path, Handler = mirror };
        Assert.Equal(10, (await source.LoadAsync(cancellation: TestContext.Current.CancellationToken)).Train.Count);
        Assert.Empty(mirror.Asked);
    }

    [Theory]
    [InlineData(0, "it has 0 bytes")]
    [InlineData(3072, "expected 1 to 10000 images of 3073 bytes each")]
    [InlineData(30_733_073, "more than the 30730000")]
    public async Task A_batch_of_another_size_is_refused(int length, string expected)
    {
        Write(".bin", "");
        _folder.Write("data_batch_2.bin", new byte[length]);
        DataFileException fault = await Assert.ThrowsAsync<DataFileException>(Load);
        Assert.Equal(_folder["data_batch_2.bin"], fault.Path);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_label_out_of_range_is_refused(string extension)
    {
        Write(extension, "");
        _folder.Write($"data_batch_5{extension}", Write(extension)([1, 10]));
        Assert.Contains("label 10 of image 1 is out of range: expected 0 to 9", (await Assert.ThrowsAsync<DataFileException>(Load)).Message, StringComparison.Ordinal);
    }

    private static Cifar10Form Form(string extension) => extension == ".bin" ? Cifar10Form.Binary : Cifar10Form.Pickled;

    private static Func<byte[], byte[]> Write(string extension) => extension == ".bin" ? Cifar10Bytes.Binary : Cifar10Bytes.Pickled;

    private static IEnumerable<(string Name, byte[] Content)> Files(string extension) => Cifar10Bytes.Files(extension, Write(extension));

    private void Write(string extension, string subfolder)
    {
        foreach ((string name, byte[] content) in Files(extension))
        {
            _folder.Write(Path.Combine(subfolder, name), content);
        }
    }

    private async Task Check()
    {
        TrainTest parts = await Load();
        Assert.Equal([1, 9, 2, 9, 3, 9, 4, 9, 5, 9], parts.Train.Labels.ToArray());
        Assert.Equal([6, 0, 1], parts.Test.Labels.ToArray());
        Assert.Equal(("CIFAR-10 train", 32, 32, 3, 10), (parts.Train.Name, parts.Train.Height, parts.Train.Width, parts.Train.Channels, parts.Train.ClassCount));
        byte[] planes = Cifar10Bytes.Planes(3); // the third test image: label 1, index 2
        Assert.Equal([planes[0], planes[1024], planes[2048], planes[1], planes[1025], planes[2049]], parts.Test.Image(2)[..6]);
        Assert.Equal(2, parts.Remarks.Count);
    }

    private Task<TrainTest> Load() =>
        new DatasetSource(Cifar10Definition.Published) { DataDirectory = _folder.Path }.LoadAsync(cancellation: TestContext.Current.CancellationToken);
}
