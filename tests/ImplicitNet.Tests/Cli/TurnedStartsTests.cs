using System.Text.Json;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

/// <summary>evaluate --starts on mazes: each start solves them turned or mirrored in another way. By a network that has learned nothing.</summary>
public sealed class TurnedStartsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_mazes_the_answers_of_turned_copies_are_compared_and_fixed_points_are_not()
    {
        CliRun run = Run(new() { LatentChannels = 4 }, "mazes:9", "mazes:11", "--max-steps", "40", "--starts", "3", "--output", _folder["charts"]);
        JsonElement result = JsonDocument.Parse(run.LastLine).RootElement, agreement = result.GetProperty("agreement");
        JsonElement[] samples = [.. agreement.GetProperty("samples").EnumerateArray()];
        Assert.Equal((3, 12, true), (agreement.GetProperty("starts").GetInt32(), samples.Length, agreement.GetProperty("turned").GetBoolean()));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (agreement.GetProperty("distance").ValueKind, agreement.GetProperty("cosine").ValueKind));
        Assert.All(samples, sample => Assert.Equal(sample.GetProperty("agreeing").GetInt32() == 3, sample.GetProperty("sameAnswer").GetBoolean()));
        Assert.All(samples, sample => Assert.InRange(sample.GetProperty("leastProbability").GetDouble(), 0.5, 1));
        Assert.Equal(samples.Count(sample => sample.GetProperty("sameAnswer").GetBoolean()), agreement.GetProperty("sameAnswers").GetInt32());
        Assert.Equal(samples.Count(sample => sample.GetProperty("isRight").GetBoolean()) / 12.0, agreement.GetProperty("accuracy").GetDouble());
        Assert.Contains("from 3 turned starts", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("apart at most", run.Output, StringComparison.Ordinal);
        Assert.Contains("turned or mirrored in another way", File.ReadAllText(_folder["charts/starts.svg"]), StringComparison.Ordinal);

        // The accuracy is that of the network alone, as without the option.
        JsonElement alone = JsonDocument.Parse(Evaluate("mazes:11", "--max-steps", "40").LastLine).RootElement;
        Assert.Equal((alone.GetProperty("testAccuracy").GetDouble(), alone.GetProperty("testLoss").GetDouble()), (result.GetProperty("testAccuracy").GetDouble(), result.GetProperty("testLoss").GetDouble()));
    }

    [Fact]
    public void Of_strings_nothing_is_turned()
    {
        CliRun run = Run(new() { Dimensions = 1, InputChannels = 1, LatentChannels = 4 }, "sums:8", "sums:8", "--starts", "3");
        JsonElement agreement = JsonDocument.Parse(run.LastLine).RootElement.GetProperty("agreement");
        Assert.False(agreement.GetProperty("turned").GetBoolean());
        Assert.Equal(JsonValueKind.Number, agreement.GetProperty("distance").ValueKind);
        Assert.All(agreement.GetProperty("samples").EnumerateArray(), sample => Assert.Equal(JsonValueKind.Null, sample.GetProperty("agreeing").ValueKind));
        Assert.Contains("apart at most", run.Output, StringComparison.Ordinal);
    }

    private CliRun Run(GridSolverOptions options, string trainedOn, string data, params string[] more)
    {
        random.manual_seed(1);
        ModelConfig config = new() { Network = options, Data = trainedOn };
        using ImplicitNetwork network = config.Network.CreateNetwork();
        Directory.CreateDirectory(_folder["model"]);
        ModelFolder.Save(_folder["model"], config, network);
        return Evaluate(data, more);
    }

    private CliRun Evaluate(string data, params string[] more) =>
        CliRun.Of(["evaluate", "--model", _folder["model"], "--data", data, "--count", "12", "--threads", "1", "--json", .. more]).Succeeded();
}
