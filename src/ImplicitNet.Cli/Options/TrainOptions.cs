using System.CommandLine;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Options;

/// <summary>
/// The options of training, each of which is one of the settings. None has a default of its own: what is not given stays as it is.
/// </summary>
internal sealed class TrainOptions
{
    // StrokeDigits draws at least so many.
    private const int LeastDrawings = 10;

    private readonly Option<string?> _data =
        ChoiceOption.Create("--data", "Data set (default: digits, which are drawn here and need no file).", DataChoice.Names);
    private readonly Option<string?> _dataDirectory = new("--data-dir")
    {
        Description = "Folder that holds the data set's files "
        + "(default: downloaded once into a cache).",
        HelpName = "folder"
    };
    private readonly Option<int?> _images =
        NumberOption.Whole("--images", "Training images to use (default: 12000 digits; of other data sets all).", LeastDrawings);
    private readonly Option<int?> _validation = NumberOption.Whole(
        "--validation",
        "Images held out of training to choose the weights by (default: 2000 digits, 5000 of cifar10 and svhn, else 10000).",
        LeastDrawings);
    private readonly Option<int?> _testImages = NumberOption.Whole("--test-images", "Test images to use.", LeastDrawings);
    private readonly Option<long?> _seed = NumberOption.Seed("--seed", "Seed of the weights, the order and the augmentation (default: 1).");
    private readonly Option<int?> _epochs =
        NumberOption.Whole("--epochs", "Passes over the training images (default: 5 for digits, else 10).");
    private readonly Option<int?> _batch = NumberOption.Whole("--batch", "Images in a batch (default: 100; 50 of cifar10 and svhn).");
    private readonly Option<double?> _learningRate =
        Ranges.Positive("--learning-rate", "Base rate of Adam (default: 0.003; 0.002 for cifar10 and svhn).");
    private readonly Option<string?> _schedule =
        ChoiceOption.Create("--schedule", "How the rate falls (default: cosine).", ScheduleChoice.Names);
    private readonly Option<int?> _warmup = NumberOption.Whole("--warmup", "Steps over which the rate rises first (default: 0).", least: 0);
    private readonly Option<double?> _weightDecay = Ranges.NotNegative("--weight-decay", "Decoupled weight decay (default: 0).");
    private readonly Option<double?> _clipNorm = Ranges.Positive("--clip-norm", "Largest norm of the gradient (default: none).");
    private readonly Option<double?> _average = Ranges.Between0And1("--average", "Decay of a moving average of the weights, "
        + "such as 0.99, which is then validated and kept (default: none; 0.99 for cifar10 and svhn).");
    private readonly Option<int?> _shift = NumberOption.Whole(
        "--shift", "Largest random shift of a training image in pixels (default: 2 for mnist, else 0).", least: 0, most: 16);
    private readonly Option<bool> _augment = new("--augment")
    {
        Description = "Change training images at random: mirrored (not digits), "
        + "cropped out of a border of 4 pixels, a rectangle erased."
    };
    private readonly Option<string?> _network = ChoiceOption.Create(
        "--network", "Network of the paper (default: mnist-fpn, for svhn svhn-fpn, for cifar10 cifar10-fpn-small).", NetworkChoice.Names);
    private readonly Option<int?> _latentLayers = NumberOption.Whole("--latent-layers", "Latent layers (default: 1, "
        + "with --published cifar10-fpn 5). The clean mnist-fpn has one, and a residual block in its encoder for every further one: "
        + "2 have the 54,352 parameters of the paper's.", most: 50);
    private readonly Option<bool> _published = new("--published")
    {
        Description = "The network as published, with batch norm in R, "
        + "which couples the samples of a batch (default: the clean form, R a certified contraction)."
    };
    private readonly Option<bool> _explicit =
        new("--explicit") { Description = "The explicit twin: the same layers, R applied once, by plain backpropagation." };
    private readonly Option<double?> _gamma = Ranges.Between0And1(
        "--gamma", "Contraction factor of the latent operator; as published, a factor that bounds nothing (default: 0.5).");
    private readonly Option<double?> _tolerance =
        Ranges.Tolerance("Relative tolerance of the solve (default: 0.001, with --published 0.01).");
    private readonly Option<int?> _maxSteps = NumberOption.Whole("--max-steps", "Step limit of the solve (default: 100).");
    private readonly Option<string?> _solver =
        ChoiceOption.Create("--solver", $"How fixed points are found (default: {SolverChoice.Default}).", SolverChoice.Names);
    private readonly Option<double?> _damping = Ranges.Damping("Share of the full step that the solver takes (default: 1).");
    private readonly Option<int?> _memory = Ranges.Memory();
    private readonly Option<bool> _warmStart = new("--warm-start")
    {
        Description = "Start every solve from the image's latent of the "
        + "epoch before (kept in float16, also in the checkpoints)."
    };
    private readonly Option<string?> _gradient = GradientOption.One();
    private readonly Option<int?> _cosines = NumberOption.Whole(
        "--cosines", "Times an epoch that the gradient is compared with the exact one, outside the time measured (default: 0).", least: 0);
    private readonly Option<double?> _jacobianPenalty =
        Ranges.Positive("--jacobian-penalty", "Weight of a term of the loss that keeps the operator contracting (default: none).");
    private readonly Option<int?> _certificateEvery =
        NumberOption.Whole("--certificate-every", "Steps between two comparisons of the gradient with the exact one (default: none).");
    private readonly Option<bool> _escalate = new("--escalate")
    {
        Description = "Go from JFB to refined and exact gradients, and back, "
        + "as the comparisons say; needs --certificate-every."
    };
    private readonly Option<int?> _checkpointEvery =
        NumberOption.Whole("--checkpoint-every", "Steps between two checkpoints; one is also written after every epoch (default: 500).");

    /// <summary>Adds the options to a command that trains once.</summary>
    public void AddTo(Command command)
    {
        AddSharedTo(command);
        command.Add(_seed);
        command.Add(_gradient);
        command.Add(_explicit);
    }

    /// <summary>Adds those that several runs of one comparison share: all but the seed, the gradient and the explicit twin.</summary>
    public void AddSharedTo(Command command)
    {
        _testImages.Hidden = true;
        IEnumerable<Option> options =
        [
            _data, _dataDirectory, _images, _validation, _testImages, _epochs, _batch, _learningRate, _schedule, _warmup, _weightDecay,
            _clipNorm, _average, _shift, _augment, _network, _latentLayers, _published, _gamma, _tolerance, _maxSteps, _solver, _damping,
            _memory, _warmStart, _cosines,
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
    /// <exception cref="CommandException">They do not go together.</exception>
    public RunSettings Begin(ParseResult parsed, CommonOptions common) =>
        Over(parsed, common, RunSettings.DefaultsFor(parsed.GetValue(_data) ?? DataChoice.Digits, parsed.GetValue(_published)));

    /// <summary>Settings with those replaced that are given.</summary>
    /// <exception cref="CommandException">They do not go together.</exception>
    public RunSettings Over(ParseResult parsed, CommonOptions common, RunSettings settings)
    {
        RunSettings replaced = Replace(parsed, common, settings);
        return NetworkChoice.Problem(replaced) is { } problem ? throw new CommandException($"--{problem}", ExitCodes.Usage) : replaced;
    }

    private RunSettings Replace(ParseResult parsed, CommonOptions common, RunSettings settings) => settings with
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
        Network = parsed.GetValue(_network) ?? settings.Network,
        LatentLayers = parsed.GetValue(_latentLayers) ?? settings.LatentLayers,
        Published = parsed.GetValue(_published) || settings.Published,
        Explicit = parsed.GetValue(_explicit) || settings.Explicit,
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
