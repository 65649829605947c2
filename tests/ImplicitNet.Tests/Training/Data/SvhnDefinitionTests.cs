using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Training.Data;

public sealed class SvhnDefinitionTests
{
    [Theory]
    [InlineData("")]
    [InlineData("svhn")]
    public async Task The_two_files_are_found(string subfolder)
    {
        using TemporaryFolder folder = new();
        folder.Write(Path.Combine(subfolder, "train_32x32.mat"), MatBytes.File(MatBytes.Packed(MatBytes.Images(3)), MatBytes.Packed(MatBytes.Labels(1, 9, 10))));
        DatasetSource source = new(SvhnDefinition.Published) { DataDirectory = folder.Path };
        DataFileException fault = await Assert.ThrowsAsync<DataFileException>(() => source.LoadAsync(cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("SVHN is not complete here: missing test_32x32.mat; a subfolder svhn will do.", fault.Message, StringComparison.Ordinal);

        folder.Write(Path.Combine(subfolder, "test_32x32.mat"), MatBytes.File(MatBytes.Images(2), MatBytes.Labels(10, 4)));
        TrainTest parts = await source.LoadAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal([1, 9, 0, 0, 4], [.. parts.Train.Labels, .. parts.Test.Labels]);
        Assert.Equal(("SVHN train", "SVHN test"), (parts.Train.Name, parts.Test.Name));
        Assert.Equal(
            ["SVHN train: 3 images, of the 73257 that are published.", "SVHN test: 2 images, of the 26032 that are published."], parts.Remarks);
    }
}
