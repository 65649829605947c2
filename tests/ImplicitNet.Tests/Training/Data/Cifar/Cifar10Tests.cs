using ImplicitNet.Files;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data.Cifar;

/// <summary>The real files, where they are at hand.</summary>
public sealed class Cifar10Tests
{
    [Fact]
    public async Task The_published_files_are_read_and_have_the_known_normalisation()
    {
        string folder = SharedData.FolderOrSkip("data/cifar10");
        TrainTest cifar = await new DatasetSource(Cifar10Definition.Published) { DataDirectory = folder }
            .LoadAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((50_000, 32, 32, 3), (cifar.Train.Count, cifar.Train.Height, cifar.Train.Width, cifar.Train.Channels));
        Assert.Equal([6, 9, 9, 4, 1], cifar.Train.Labels[..5].ToArray());
        Assert.Equal([3, 8, 8, 0, 6], cifar.Test.Labels[..5].ToArray());
        Assert.All(Enumerable.Range(0, 10), label => Assert.Equal(5_000, cifar.Train.Labels.ToArray().Count(other => other == label)));

        // The corner of the first training image, as others read it.
        Assert.Equal([59, 62, 63], cifar.Train.Image(0)[..3].ToArray());
        PixelNormalization found = PixelNormalization.Of(cifar.Train);
        Assert.Equal(PixelNormalization.Cifar10.Mean, found.Mean.Select(mean => Math.Round(mean, 4)));
        Assert.Equal(PixelNormalization.Cifar10.Deviation, found.Deviation.Select(deviation => Math.Round(deviation, 4)));
    }
}
