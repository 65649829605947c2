namespace ImplicitNet.Tests.Cli;

public sealed class InfoCommandTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void Of_a_model_it_tells_sizes_parameters_and_contraction()
    {
        CliRun run = CliRun.Of("info", "--model", model.Path).Succeeded();
        Assert.All(
            ["mnist-fpn, clean form", "28 x 28 x 1", "35,856", "certified", "0.5000 declared", "readout.linear.weight [10, 784]"],
            text => Assert.Contains(text, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_model_it_tells_versions_threads_and_devices()
    {
        CliRun run = CliRun.Of("info").Succeeded();
        Assert.StartsWith("  ImplicitNet ", run.Output, StringComparison.Ordinal);
        Assert.All(["TorchSharp", ".NET", "Threads", "Devices", "cpu", "MPI"], text => Assert.Contains(text, run.Output, StringComparison.Ordinal));
    }
}
