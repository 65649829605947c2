using System.CommandLine;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Options;

/// <summary>The options of training, each of which is one of the settings. None has a default of its own: what is not given stays as it is.</summary>
internal sealed class TrainOptions
{
    // StrokeDigits draws at least so many.
    private const int LeastDrawings = 10;

    private readonly Option<string?> _data = ChoiceOption.Create("--data", "Data set (default: digits, which are drawn here and need no file).", DataChoice.Names);
    private readonly Option<string?> _dataDirectory = new("--data-dir") { Description = "Folder that holds the data set's files (default: downloaded once into a cache).", HelpName = "folder" };
    private readonly Option<int?> _images = NumberOption.Whole("--images", "Training images to use (default: 12000 digits; of other data sets all).", LeastDrawings);
    private readonly Option<int?> _validation = NumberOption.Whole("--validation", "Images held out of training to choose the weights by (default: 2000 digits, 5000 of cifar10 and svhn, else 10000).", LeastDrawings);
    private readonly Option<int?> _testImages = NumberOption.Whole("--test-images", "Test images to use.", LeastDrawings);
    private readonly Option<long?> _seed = NumberOption.Seed("--seed", "Seed of the weights, the order and the augmentation (default: 1).");
    private readonly Option<int?> _epochs = NumberOption.Whole("--epochs", "Passes over the training images (default: 5 for digits, else 10).");
    private readonly Option<int?> _batch = NumberOption.Whole("--batch", "Images in a batch (default: 100).");
    private readonly Option<double?> _learningRate = Ranges.Positive("--learning-rate", "Base rate of Adam (default: 0.003).");
    private readonly Option<string?> _schedule = ChoiceOption.Create("--schedule", "How the rate falls (default: cosine).", ScheduleChoice.Names);
    private readonly Option<int?> _warmup = NumberOption.Whole("--warmup", "Steps over which the rate rises first (default: 0).", least: 0);
    private readonly Option<double?> _weightDecay = Ranges.NotNegative("--weight-decay", "Decoupled weight decay (default: 0).");
    private readonly Option<double?> _clipNorm = Ranges.Positive("--clip-norm", "Largest norm of the gradient (default: none).");
    private readonly Option<double?> _average = Ranges.Between0And1("--average", "Decay of a moving average of the weights, such as 0.99, which is then validated and kept (default: none).");
    private readonly Option<int?> _shift = NumberOption.Whole("--shift", "Largest random shift of a training image in pixels (default: 2 for mnist, else 0).", least: 0, most: 16);
    private readonly Option<bool> _augment = new("--augment") { Description = "Change training images at random: mirrored (not digits), cropped out of a border of 4 pixels, a rectangle erased." };
    private readonly Option<double?> _gamma = Ranges.Between0And1("--gamma", "Contraction factor of the latent operator (default: 0.5).");
    private readonly Option<double?> _tolerance = Ranges.Tolerance("Relative tolerance of the solve (default: 0.001).");
    private readonly Option<int?> _maxSteps = NumberOption.Whole("--max-steps", "Step limit of the solve (default: 100).");
    private readonly Option<string?> _solver = ChoiceOption.Create("--solver", $"How fixed points are found (default: {SolverChoice.Default}).", SolverChoice.Names);
    private readonly Option<double?> _damping = Ranges.Damping("Share of the full step that the solver takes (default: 1).");
    private readonly Option<int?> _memory = Ranges.Memory();
    private readonly Option<bool> _warmStart = new("--warm-start") { Description = "Start every solve from the image's latent of the epoch before (kept in float16, also in the checkpoints)." };
    private readonly Option<string?> _gradient = GradientOption.One();
    private readonly Option<int?> _cosines = NumberOption.Whole("--cosines", "Times an epoch that the gradient is compared with the exact one, outside the time measured (default: 0).", least: 0);
    private readonly Option<double?> _jacobianPenalty = Ranges.Positive("--jacobian-penalty", "Weight of a term of the loss that keeps the operator contracting (default: none).");
    private readonly Option<int?> _certificateEvery = NumberOption.Whole("--certificate-every", "Steps between two comparisons of the gradient with the exact one (default: none).");
    private readonly Option<bool> _escalate = new("--escalate") { Description = "Go from JFB to refined and exact gradients, and back, as the comparisons say; needs --certificate-every." };
    private readonly Option<int?> _checkpointEvery = NumberOption.Whole("--checkpoint-every", "Steps between two checkpoints; one is also written after every epoch (default: 500).");

    /// <summary>Adds the options to a command that trains once.</summary>
    public void AddTo(Command command)
    {
        AddSharedTo(command);
        command.Add(_seed);
        command.Add(_gradient);
    }

    /// <summary>Adds those that several runs of one comparison share: all but the seed and the gradient.</summary>
    public void AddSharedTo(Command command)
    {
        _testImages.Hidden = true;
        IEnumerable<Option> options =
        [
            _data, _dataDirectory, _images, _validation, _testImages, _epochs, _batch, _learningRate, _schedule, _warmup, _weightDecay,
            _clipNorm, _average, _shift, _augment, _gamma, _tolerance, _maxSteps, _solver, _damping, _memory, _warmStart, _cosines,
            _jacobianPenalty, _certificateEvery, _escalate, _checkpointEvery,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>Whether --cosines was given, if only as 0.</summary>
    public bool GivesCosines(ParseResult parsed) => parsed.GetValue(_cosines) is not null;

    /// <summary>The settings of a new run.</summary>
    public RunSettings Begin(ParseResult parsed, CommonOptions common) =>
        Over(parsed, common, RunSettings.DefaultsFor(parsed.GetValue(_data) ?? DataChoice.Digits));

    /// <summary>Settings with those replaced that are given.</summary>
    public RunSettings Over(ParseResult parsed, CommonOptions common, RunSettings settings) => settings with
    {
        Data = parsed.GetValue(_data) ?? settings.Data,
        DataDir = parsed.GetValue(_dataDirectory) is { } folder ? Path.GetFullPath(folder) : settings.DataDir,
        Images = parsed.GetValue(_images) ?? settings.Images,
        Validation = parsed.GetValue(_validation) ?? settings.Validation,
        TestImages = parsed.GetValue(_testImages) ?? settings.TestImages,
        Seed = parsed.GetValue(_seed) ?? settings.Seed,
        Threads = parsed.GetValue(common.Threads) ?? settings.Threads,
        Device = parsed.GetValue(common.Device) ?? settings.Device,
        Epochs = parsed.GetValue(_epochs) ?? settings.Epochs,
        Batch = parsed.GetValue(_batch) ?? settings.Batch,
        LearningRate = parsed.GetValue(_learningRate) ?? settings.LearningRate,
        Schedule = parsed.GetValue(_schedule) ?? settings.Schedule,
        Warmup = parsed.GetValue(_warmup) ?? settings.Warmup,
        WeightDecay = parsed.GetValue(_weightDecay) ?? settings.WeightDecay,
        ClipNorm = parsed.GetValue(_clipNorm) ?? settings.ClipNorm,
        Average = parsed.GetValue(_average) ?? settings.Average,
        Shift = parsed.GetValue(_shift) ?? settings.Shift,
        Augment = parsed.GetValue(_augment) || settings.Augment,
        Gamma = parsed.GetValue(_gamma) ?? settings.Gamma,
        Tolerance = parsed.GetValue(_tolerance) ?? settings.Tolerance,
        MaxSteps = parsed.GetValue(_maxSteps) ?? settings.MaxSteps,
        Solver = parsed.GetValue(_solver) ?? settings.Solver,
        Damping = parsed.GetValue(_damping) ?? settings.Damping,
        Memory = parsed.GetValue(_memory) ?? settings.Memory,
        WarmStart = parsed.GetValue(_warmStart) || settings.WarmStart,
        Gradient = parsed.GetValue(_gradient) ?? settings.Gradient,
        Cosines = parsed.GetValue(_cosines) ?? settings.Cosines,
        JacobianPenalty = parsed.GetValue(_jacobianPenalty) ?? settings.JacobianPenalty,
        CertificateEvery = parsed.GetValue(_certificateEvery) ?? settings.CertificateEvery,
        Escalate = parsed.GetValue(_escalate) || settings.Escalate,
        CheckpointEvery = parsed.GetValue(_checkpointEvery) ?? settings.CheckpointEvery,
    };
}
