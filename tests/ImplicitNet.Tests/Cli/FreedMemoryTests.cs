namespace ImplicitNet.Tests.Cli;

public sealed class FreedMemoryTests : TensorTest
{
    // Such a run is too small for a collection of its own accord.
    [Fact]
    public void Training_collects_every_few_steps_what_torch_leaves()
    {
        using TemporaryFolder folder = new();
        int before = GC.CollectionCount(0);
        CliRun.Of(
            "train", "--data", "digits", "--images", "320", "--validation", "20", "--test-images", "20", "--batch", "4",
            "--epochs", "1", "--threads", "1", "--quiet", "--output", folder["run"]).Succeeded();
        Assert.InRange(GC.CollectionCount(0) - before, 10, 40);
    }
}
