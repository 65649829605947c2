using System.Text.Json;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Reproduction;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Training.History;

namespace ImplicitNet.Fuzz.Formats;

/// <summary>config.json, beside the weights of a small digit classifier.</summary>
internal sealed class ConfigFormat : FuzzFormat
{
    private static readonly ClassifierOptions[] Networks =
    [
        new DigitClassifierOptions { LatentChannels = 4, Height = 12, Width = 12 }, new DigitClassifierOptions(), new MnistFpnOptions(), new SvhnFpnOptions(), new ContractiveSvhnFpnOptions(),
    ];

    private readonly string _folder;

    public ConfigFormat(string folder)
    {
        _folder = folder;
        ModelConfig config = Config(Networks[0]);
        using ImplicitNetwork network = config.CreateNetwork();
        ModelFolder.Save(folder, config, network);
    }

    public override string Name => "config";

    public override byte[] Make(FuzzRandom random) => JsonMutation.Of(random, Config(random.OneIn(2) ? Networks[0] : random.Of(Networks)).ToJson());

    public override void Read(string path, FuzzRandom random)
    {
        File.Copy(path, ModelFolder.ConfigPath(_folder), overwrite: true);
        ModelFolder.Load(_folder).Network.Dispose();
    }

    public override bool IsRefusal(Exception exception) => exception is ModelFileException or WeightsFileException;

    private static ModelConfig Config(ClassifierOptions network) => new() { Data = "digits", PixelMean = 0.1, PixelDeviation = 0.3, Network = network };
}

/// <summary>run.json.</summary>
internal sealed class RunFormat(string folder) : FuzzFormat
{
    public override string Name => "run";

    public override byte[] Make(FuzzRandom random) =>
        JsonMutation.Of(random, JsonSerializer.Serialize(RunKinds.DefaultsFor(random.Of<string>([.. DataChoice.Images, "mazes:9", "sums:32"])) with { Threads = 1 }, RunSettingsJson.Default.RunSettings));

    public override void Read(string path, FuzzRandom random)
    {
        File.Copy(path, RunSettingsFile.PathIn(folder), overwrite: true);
        RunSettingsFile.Read(folder);
    }

    public override bool IsRefusal(Exception exception) => exception is CommandException;
}

/// <summary>plan.json.</summary>
internal sealed class PlanFormat(string folder) : FuzzFormat
{
    private static readonly ReproductionPlanFile Asked = new()
    {
        Data = DataChoice.Digits,
        Hours = 1,
        Seeds = [1],
        MostEpochs = 2,
        Plan = new ReproductionPlan { Epochs = 2, Seeds = [1], Trainings = [ReproducedTraining.All[0].Name], LeftOut = [], ExpectedSeconds = 1, Costs = [] },
    };

    public override string Name => "plan";

    public override byte[] Make(FuzzRandom random) => JsonMutation.Of(random, JsonSerializer.Serialize(Asked, ReproductionPlanJson.Default.ReproductionPlanFile));

    public override void Read(string path, FuzzRandom random)
    {
        File.Copy(path, ReproductionPlanFile.PathIn(folder), overwrite: true);
        ReproductionPlanFile.Read(folder, Asked);
    }

    public override bool IsRefusal(Exception exception) => exception is CommandException;
}

/// <summary>result.json.</summary>
internal sealed class ResultFormat : FuzzFormat
{
    public override string Name => "result";

    public override byte[] Make(FuzzRandom random) =>
        JsonMutation.Of(random, JsonSerializer.Serialize(new RunResult { TestAccuracy = 0.9, Statuses = new Dictionary<string, long> { ["Converged"] = 3 } }, ResultJson.Default.RunResult));

    public override void Read(string path, FuzzRandom random) => RunResult.Read(path);

    public override bool IsRefusal(Exception exception) => exception is CommandException;
}

/// <summary>history.jsonl.</summary>
internal sealed class HistoryFormat : FuzzFormat
{
    private static readonly string Line = System.Text.Encoding.UTF8.GetString(HistoryLine.Format(new EpochRecord
    {
        Epoch = 1,
        Step = 10,
        TrainLoss = 1.5,
        TrainAccuracy = 0.5,
        LearningRate = 1e-3,
        SolverSteps = 5,
        Seconds = 2,
    }.ToHistory()).Span).TrimEnd('\n');

    public override string Name => "history";

    public override byte[] Make(FuzzRandom random)
    {
        List<byte> file = [];
        for (int line = random.Small(20); line >= 0; line--)
        {
            file.AddRange(random.OneIn(3) ? JsonMutation.Of(random, Line) : System.Text.Encoding.UTF8.GetBytes(Line));
            file.Add((byte)'\n');
        }

        return random.Damaged([.. file], 5);
    }

    public override void Read(string path, FuzzRandom random)
    {
        if (random.OneIn(2))
        {
            RunHistory.ReadEpochs(path);
            return;
        }

        using RunHistory history = new(path);
        history.TruncateTo(random.Edge());
    }

    public override bool IsRefusal(Exception exception) => exception is InvalidDataException;
}
