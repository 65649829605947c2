using ImplicitNet.Files;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

/// <summary>The real files, where they are at hand.</summary>
public sealed class MnistTests
{
    [Fact]
    public async Task The_published_files_are_read()
    {
        TrainTest mnist = await Load();
        Assert.Equal((60_000, 28, 28, 1), (mnist.Train.Count, mnist.Train.Height, mnist.Train.Width, mnist.Train.Channels));
        Assert.Equal(10_000, mnist.Test.Count);
        Assert.Equal([5, 0, 4, 1, 9], mnist.Train.Labels[..5].ToArray());
        Assert.Equal([7, 2, 1, 0, 4], mnist.Test.Labels[..5].ToArray());
    }

    [Fact]
    public async Task The_known_normalisation_is_that_of_the_training_images()
    {
        PixelNormalization found = PixelNormalization.Of((await Load()).Train);
        Assert.Equal(PixelNormalization.Mnist.Mean[0], Assert.Single(found.Mean), 4);
        Assert.Equal(PixelNormalization.Mnist.Deviation[0], Assert.Single(found.Deviation), 4);
    }

    [Fact]
    public void The_published_files_have_the_published_checksums()
    {
        string folder = SharedData.FolderOrSkip("data/mnist");
        Assert.All(
            IdxDatasetDefinition.Mnist.Files,
            file => Assert.Equal(file.Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, file.Name))))));
        Assert.All(
            IdxDatasetDefinition.Mnist.Files, file => Assert.Equal(file.Md5, IdxBytes.Md5(File.ReadAllBytes(Path.Combine(folder, file.Name)))));
    }

    private static Task<TrainTest> Load() =>
        new DatasetSource(IdxDatasetDefinition.Mnist) { DataDirectory = SharedData.FolderOrSkip("data/mnist") }
            .LoadAsync(cancellation: TestContext.Current.CancellationToken);
}
