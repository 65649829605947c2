using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Tasks of any size with an answer for every cell: mazes, and sums of bits.</summary>
/// <remarks>What is validated and tested on depends on no seed of a run. What is trained on does, and is new in every epoch.</remarks>
internal sealed class GridKind : RunKind
{
    /// <summary>Its name.</summary>
    public const string Grids = "mazes and sums";

    private const int UsualTests = 1_000;
    private const long TestSeed = 1;

    public override string Name => Grids;

    public override TrainingTask Task(RunSettings settings) => new DenseClassification();

    public override bool Has(string data) => GridData.IsMeant(data);

    public override bool Fits(NetworkOptions network) => network is GridSolverOptions;

    public override RunSettings DefaultsFor(string data, bool isPublished = false)
    {
        GridData grid = GridData.Parse(data);
        return new RunSettings
        {
            Data = grid.Name,
            Epochs = grid.Task.Epochs,
            Validation = 500,
            Batch = grid.Task.Batch,
            LearningRate = 2e-3,
            ClipNorm = 1,
            Tolerance = 1e-4,
            MaxSteps = grid.StepLimit,
            Damping = grid.Task.Damping,
            TrainSteps = grid.Task.TrainSteps(grid.Size),
            TrainTolerance = 1e-3,
            StartNoise = 1,
        };
    }

    public override string? Problem(RunSettings settings)
    {
        string option = "data";
        try
        {
            GridData own = GridData.Parse(settings.Data);
            foreach ((string name, string? list) in ((string, string?)[])[("validate", settings.Validate), ("evaluate", settings.Evaluate)])
            {
                option = name;
                if (GridData.ParseList(list).FirstOrDefault(data => data.Task != own.Task) is { } other)
                {
                    return $"{option} {list}: a network for {own.Name} does not take {other.Name}; name other sizes of {own.Task.Form}.";
                }
            }
        }
        catch (ArgumentException exception)
        {
            return $"{option} {exception.Message}.";
        }

        return settings switch
        {
            { Explicit: true, Untied: { } copies } => $"untied {copies}: that is the explicit twin with more layers; leave out --explicit.",
            { Gradient: not GradientChoice.Default } when settings.IsExplicit =>
                $"gradient {settings.Gradient}: an explicit twin has no fixed point; plain backpropagation is its exact gradient.",
            _ => null,
        };
    }

    public override string Samples(string data) => GridData.Parse(data).Task.Noun;

    public override string Model(RunSettings settings) =>
        settings.IsExplicit ? "explicit twin" : $"implicit {GridData.Parse(settings.Data).Task.Solver}";

    public override string Network(RunSettings settings) => Words(Options(settings))
        + (settings.Untied is { } copies ? $", explicit twin ({Display.Counted(copies, "layer")} R, untied)"
            : settings.Explicit ? ", explicit twin (R applied once)" : "");

    public override string Network(NetworkConfig config) => Words((GridSolverOptions)config.Options);

    public override string Solve(RunSettings settings) => $"tolerance {settings.ToleranceWords}, {settings.MaxSteps} steps at most"
        + (settings.TrainSteps is { } steps ? $", in training {(settings.RandomSteps ? "1 to " : "")}{steps}" : "");

    public override RunSubject Load(RunSettings settings, Terminal terminal, CancellationToken cancellation) =>
        new Subject(settings, GridData.Parse(settings.Data), Task(settings));

    public override IndexedBatches Source(
        SavedModel model, RunSettings settings, string split, int? count, int? batchSize, Device device, Terminal terminal,
        CancellationToken cancellation)
    {
        GridData grid = GridData.Parse(settings.Data);
        GridSolverOptions network = (GridSolverOptions)model.Config.Options;
        if ((grid.Task.Dimensions, grid.Task.InputChannels) != (network.Dimensions, network.InputChannels))
        {
            throw new CommandException(
                $"{model.Folder}: the model was trained on {model.Config.Data} and does not take {grid.Name}. Name another size by --data.",
                ExitCodes.Usage);
        }

        (DataPart part, int usual, long seed) = split switch
        {
            SplitChoice.Train => throw new CommandException(
                $"--split train: {grid.Task.Noun} are new in every epoch, and none that were trained on are kept. Leave it out.",
                ExitCodes.Usage),
            SplitChoice.Validation => (DataPart.Validation, settings.Validation, TestSeed),
            _ => (DataPart.Test, settings.TestSamples ?? UsualTests, TestSeed),
        };
        int samples = count ?? usual;
        return grid.Source(samples, batchSize ?? samples, seed, part);
    }

    public override int BatchOf(string data) => GridData.Parse(data).EvaluationBatch;

    public override IReadOnlyList<SquareSymmetry> Symmetries(string data) => GridData.Parse(data).Task.Symmetries;

    public override int StepLimit(NetworkConfig model, string data) => StepLimit(model, GridData.Parse(data));

    /// <summary>As for a name; a maze that was drawn may have any size.</summary>
    public static int StepLimit(NetworkConfig model, GridData data) =>
        GridData.Find(model.Data) is { } own ? own.LimitOf(data, model.MaxSteps) : data.StepLimit;

    private static GridSolverOptions Options(RunSettings settings)
    {
        GridTask task = GridData.Parse(settings.Data).Task;
        GridSolverOptions options = new()
        {
            Dimensions = task.Dimensions,
            InputChannels = task.InputChannels,
            Explicit = settings.IsExplicit,
            ExplicitLayers = settings.Untied ?? 1,
        };
        return settings.Channels is { } channels ? options with { LatentChannels = channels } : options;
    }

    private static string Words(GridSolverOptions network) =>
        $"{network.Architecture}, {Display.Counted(network.LatentChannels, "channel")}, "
            + (network.Dimensions == 1 ? "convolutions along a string" : "convolutions over a grid");

    private sealed class Subject(RunSettings settings, GridData grid, TrainingTask task) : RunSubject
    {
        private readonly IReadOnlyList<GridData> _validated = GridData.ParseList(settings.Validate);
        private readonly IReadOnlyList<GridData> _tested = GridData.ParseList(settings.Evaluate);

        public override NetworkConfig Config => settings.ToModelConfig(Options(settings));

        public override string Amounts => $"{Display.Count(Samples)} training, "
            + $"{Display.Count(settings.Validation)} validation and {Display.Count(TestSamples)} test {grid.Task.Noun}";

        private int Samples => settings.Samples ?? grid.Task.Samples;

        private int TestSamples => settings.TestSamples ?? UsualTests;

        public override RunSources Sources(Device device)
        {
            (GridData Data, BatchSource Source)[] more = [.. _validated.Select(data => (data, (BatchSource)Validation(data)))];
            return new(
                grid.Source(Samples, settings.Batch, settings.Seed, DataPart.Training, isFreshEveryEpoch: true),
                Validation(grid),
                [.. more.Select(each => (each.Data.Name, each.Source))])
            {
                Limits = (source, own) => Limited(own, Array.Find(more, each => each.Source == source).Data ?? grid),
            };
        }

        /// <summary>A solve of a grid that comes to its limit has an answer too, and most do while the weights are new.</summary>
        public override FailurePolicy PolicyFor(nn.Module<Tensor, Tensor> network) => new AcceptMaxSteps();

        public override FinalTest Test(
            nn.Module<Tensor, Tensor> network, Device device, IProgress<double> progress, CancellationToken cancellation)
        {
            FinalTest test = FinalTest.Run(network, task, Tests(grid), settings.Tolerance, null, progress, cancellation);
            List<TestResult> results = [TestResult.Of(grid.Name, test.Evaluation, settings.MaxSteps)];
            foreach (GridData other in _tested)
            {
                EvaluationResult evaluation = Evaluator.Evaluate(
                    network, task, Tests(other), own => Limited(own, other), progress: progress, cancellation: cancellation);
                results.Add(TestResult.Of(other.Name, evaluation, Limit(other)));
            }

            return test with { More = results };
        }

        public override IReadOnlyList<string> Remarks(TrainingResult training, FinalTest test) => test.Evaluation.Accuracy is 0
            ? [$"Not one of the {grid.Task.Noun} was answered right: try more --epochs, or another --seed."]
            : [];

        public override RunReport Complete(RunReport report, FinalTest test) => report;

        /// <summary>A maze being solved, step by step, where there are steps to be seen one by one, and not for minutes.</summary>
        public override RunPictures Draw(nn.Module<Tensor, Tensor> network, RunFolder folder, CancellationToken cancellation) =>
            grid.Task == GridTask.Mazes && grid.Size <= MazeGallery.LargestSide
            && !settings.IsExplicit && network is ImplicitNetwork { Solver: IterativeSolver } own
                ? new MazeGallery(own, grid.Size, size => Limit(new GridData(grid.Task, size)), cancellation).Draw(folder)
                : RunPictures.None;

        private int Limit(GridData data) => grid.LimitOf(data, settings.MaxSteps);

        private SolveSettings Limited(SolveSettings own, GridData data) =>
            own with { Stopping = own.Stopping with { MaxSteps = Limit(data) } };

        private GeneratedBatches Validation(GridData data) =>
            data.Source(settings.Validation, data.EvaluationBatch, TestSeed, DataPart.Validation);

        private GeneratedBatches Tests(GridData data) =>
            data.Source(TestSamples, data.EvaluationBatch, TestSeed, DataPart.Test);
    }
}
