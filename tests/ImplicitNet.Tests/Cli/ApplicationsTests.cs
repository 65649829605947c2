using System.Text.Json;

namespace ImplicitNet.Tests.Cli;

/// <summary>evaluate --applications.</summary>
public sealed class ApplicationsTests(TinyModel model) : TensorTest, IClassFixture<TinyModel>
{
    [Fact]
    public void A_table_a_picture_and_an_object_tell_what_more_applications_give()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of("evaluate", "--model", model.Path, "--threads", "1", "--applications", "3,1,20", "--output", folder["study"], "--json").Succeeded();
        using JsonDocument json = JsonDocument.Parse(run.LastLine);
        Assert.Equal(
            ["model", "data", "split", "samples", "tolerance", "meanSteps", "failures", "rows", "charts", "seconds", "threads", "device"],
            json.RootElement.EnumerateObject().Select(member => member.Name));
        JsonElement[] rows = [.. json.RootElement.GetProperty("rows").EnumerateArray()];
        Assert.All(rows, row => Assert.Equal(["applications", "accuracy", "loss", "relativeResidual", "agreement"], row.EnumerateObject().Select(member => member.Name)));
        Assert.Equal(["1", "3", "20", ""], rows.Select(row => row.GetProperty("applications").ToString()));
        double[] residuals = [.. rows.Take(3).Select(row => row.GetProperty("relativeResidual").GetDouble())];
        Assert.True(residuals[0] > residuals[1] && residuals[1] > 100 * residuals[2], string.Join(' ', residuals));
        using JsonDocument trained = JsonDocument.Parse(model.Training.LastLine);
        Assert.Equal(trained.RootElement.GetProperty("testAccuracy").GetDouble(), rows[3].GetProperty("accuracy").GetDouble());
        Assert.Equal(["applications.png", "applications.svg"], Directory.EnumerateFiles(folder["study"]).Select(path => Path.GetFileName(path)).Order());
        Assert.Contains("to 0.001, ", run.Output, StringComparison.Ordinal);
        Assert.All(run.Output.Split('\n').SkipLast(2).Where(line => !line.Contains(folder.Path, StringComparison.Ordinal) && !line.Contains(model.Path, StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void Without_a_folder_the_picture_is_with_the_model_and_another_tolerance_and_limit_are_possible()
    {
        CliRun run = CliRun.Of("evaluate", "--model", model.Path, "--applications", "2", "--split", "validation", "--tolerance", "1e-6", "--max-steps", "3").Succeeded();
        Assert.Contains("to 0.000001, 3.0", run.Output, StringComparison.Ordinal);
        Assert.Contains("40 of 40 samples did not reach the tolerance", run.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(model.Path, "applications.svg")));
    }

    [Theory]
    [InlineData("0", "whole numbers from 1 to 1000")]
    [InlineData("1,,2", "given 1,,2")]
    [InlineData("1,x", "given 1,x")]
    [InlineData("5,1,5", "5 is there more than once")]
    [InlineData("1001", "given 1001")]
    public void Other_numbers_are_refused(string numbers, string expected) =>
        CliRun.Of("evaluate", "--model", model.Path, "--applications", numbers).Failed(2, expected);
}
