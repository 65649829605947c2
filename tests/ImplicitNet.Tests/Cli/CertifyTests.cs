using System.Text.Json;
using ImplicitNet.Certification;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

/// <summary>evaluate --certify.</summary>
public sealed class CertifyTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void The_shares_are_those_of_the_certificate_in_pixels_by_radii_as_they_were_given()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(
            "evaluate", "--model", model.Path, "--certify", "1e-4, 0.004,0.020,1.58", "--tolerance", "1e-5", "--output", folder["page"], "--json").Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        JsonProperty[] shares = [.. json.RootElement.GetProperty("certifiedAccuracy").EnumerateObject()];
        Assert.Equal(["1e-4", "0.004", "0.020", "1.58"], shares.Select(share => share.Name));
        double[] certified = [.. shares.Select(share => share.Value.GetDouble())];
        Assert.Equal(Expected([1e-4, 0.004, 0.02, 1.58]), certified);
        Assert.True(json.RootElement.GetProperty("testAccuracy").GetDouble() >= certified[0] && certified[0] > certified[1] && certified[1] > certified[2], string.Join(' ', certified));
        Assert.Equal(0, certified[3]);
        Assert.All(
            new[] { "within 1e-4 ", "within 0.020 ", "certified (L2, pixels from 0 to 1)", "bound ", "fixed point ", "largest factor " },
            text => Assert.Contains(text, run.Output, StringComparison.Ordinal));
        string page = File.ReadAllText(Assert.Single(Directory.EnumerateFiles(folder["page"])));
        Assert.All(
            new[] { "Certified within 0.004", "encoder.convolution1 + normalization1 (Conv2d, BatchNormalization)", "the largest factor", "latent.operator (ContractionOperator)", "data:image/png;base64,", "radius " },
            text => Assert.Contains(text, page, StringComparison.Ordinal));
    }

    [Fact]
    public void What_has_no_bound_is_refused_by_name_and_other_data_by_kind()
    {
        using TemporaryFolder folder = new();
        CliRun.Of(
            "train", "--data", "digits", "--images", "40", "--validation", "10", "--test-images", "10", "--epochs", "1", "--batch", "20", "--threads", "1", "--published",
            "--output", folder["published"], "--quiet").Succeeded();
        CliRun.Of("evaluate", "--model", folder["published"], "--certify", "0.1")
            .Failed(1, "cannot be certified: latent.operator (CoupledModuleOperator) has no bound: it is neither a contraction nor monotone");
        CliRun.Of("evaluate", "--model", model.Path, "--certify", "0.1", "--applications", "2").Failed(2, "--certify does not go with --applications");
    }

    [Theory]
    [InlineData("0", "radii above 0")]
    [InlineData("0.1,,2", "given 0.1,,2")]
    [InlineData("0.1,-1", "given 0.1,-1")]
    [InlineData("0.1,NaN", "given 0.1,NaN")]
    [InlineData("1e999", "given 1e999")]
    [InlineData("0.5,1,0.50", "0.50 is there more than once")]
    public void Other_radii_are_refused(string radii, string expected) =>
        CliRun.Of("evaluate", "--model", model.Path, "--certify", radii).Failed(2, expected);

    private double[] Expected(double[] radii)
    {
        using DisposeScope scope = NewDisposeScope();
        SavedModel saved = SavedModel.In(model.Path);
        using ImplicitNetwork network = saved.LoadImplicit();
        network.Stopping = network.Stopping with { RelativeTolerance = 1e-5 };
        IndexedBatches source = RunKinds.Of(saved.Config.Options).Source(
            saved, ModelSettings.Of(saved, null, null), "test", null, 60, CPU, Terminal.Plain(TextWriter.Null, TextWriter.Null), CancellationToken.None);
        using Batch batch = source.First(60);
        RobustnessCertificate certificate = RobustnessCertificate.Of(network, batch.Inputs, 1 / saved.Config.Normalization.Deviation[0]);
        int[] labels = [.. batch.Targets.data<long>().Select(label => (int)label)];
        return [.. radii.Select(radius => certificate.CertifiedAccuracy(labels, radius))];
    }
}
