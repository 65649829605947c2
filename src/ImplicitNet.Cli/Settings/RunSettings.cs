using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;

namespace ImplicitNet.Cli.Settings;

/// <summary>
/// All that a training run was started with, kept in its folder so that it can go on without being told again. A property is declared
/// once: its name is that of the flag and of the member of the file, its attribute says what the flag says and takes, its value is the
/// default.
/// </summary>
internal sealed record RunSettings
{
    // StrokeDigits draws at least so many.
    private const int LeastDrawings = 10;

    /// <summary>Version of the file's format; 1.</summary>
    public int Format { get; init; } = 1;

    [Data($"What to train on (default: {DataChoice.Default}); N is a size, bits of a string or pixels a side.")]
    public required string Data { get; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as null: there was one task then.</summary>
    [Choice(
        OptionGroup.Data,
        "What is asked of images: their class, or the images themselves, after a blur (deblurring) or from line integrals (tomography), "
            + "with noise (default: classification; of ellipses tomography).",
        typeof(TaskChoice), Only = $"{ImageKind.Images} and {RestorationKind.Restorations}")]
    public string Task { get => field ?? TaskChoice.Classification; init; }

    [Number(
        OptionGroup.Data, "Deviation of the Gaussian blur in pixels (default: 1.6).", Above = 0, Most = 100,
        Only = TaskChoice.Deblurring)]
    public double? Blur { get; init; }

    [Number(
        OptionGroup.Data, "Directions of the line integrals, over half a turn (default: 30).", Least = 1, Most = 1024,
        Only = TaskChoice.Tomography)]
    public int? Angles { get; init; }

    [Number(
        OptionGroup.Data,
        "Deviation of the noise of a measurement (default: 0.01; of tomography 0.5, pixels from 0 to 1 summed along a line).",
        Least = 0, Most = 1000, Only = RestorationKind.Restorations)]
    public double? Noise { get; init; }

    [Folder(
        OptionGroup.Data,
        "Folder that holds the data set's files (default: downloaded once into a cache).", IsFreeOnResume = true, Only = ImageKind.Images)]
    public string? DataDir { get; init; }

    [Number(
        OptionGroup.Data,
        "Training images to use (default: 12000 digits, 4000 ellipses; of other data sets all).", Least = LeastDrawings,
        Only = ImageKind.Images)]
    public int? Images { get; init; }

    [Number(
        OptionGroup.Data,
        "Samples held out of training to choose the weights by (default: 2000 digits, 5000 of cifar10 and svhn, of other images 10000; "
            + "of mazes, sums and points of flows 500, of every size; a table has a seventh of its rows; deblurring 500, tomography 200; "
            + "texts have --held-out).",
        Least = LeastDrawings)]
    public required int Validation { get; init; }

    [Number(
        OptionGroup.Data,
        "Share of a text, its end, that is held out: the first half of it to choose the weights by, the second to test on (default: 0.1).",
        Above = 0, Below = 1, Only = TextKind.Texts)]
    public double? HeldOut { get; init; }

    [Number(
        OptionGroup.Data, "Characters of a window of a text (default: 128).", Least = 1, Most = 1 << 16, Only = TextKind.Texts)]
    public int? Length { get; init; }

    [Number(OptionGroup.Data, "Test images to use.", Least = LeastDrawings, IsHidden = true, Only = ImageKind.Images)]
    public int? TestImages { get; init; }

    [Number(
        OptionGroup.Data, "Mazes, strings or points of an epoch (default: 19200 mazes, 25600 strings, 2000 points).", Least = 1,
        Only = $"{GridKind.Grids} and {FlowKind.Flows}")]
    public int? Samples { get; init; }

    [Number(
        OptionGroup.Data, "Mazes, strings or points to test on, of every size (default: 1000).", Least = 1,
        Only = $"{GridKind.Grids} and {FlowKind.Flows}")]
    public int? TestSamples { get; init; }

    [Data(
        "Further sizes to validate on after every epoch, such as mazes:17,mazes:33; the weights are chosen by the size that is trained on.",
        IsList = true, Only = GridKind.Grids)]
    public string? Validate { get; init; }

    [Data("Further sizes to test on at the end, such as mazes:17,mazes:33.", IsList = true, Only = GridKind.Grids)]
    public string? Evaluate { get; init; }

    [Number(OptionGroup.Run, "Seed of the weights, the order and the augmentation (default: 1).", IsCompared = true)]
    public long Seed { get; init; } = 1;

    [Number(
        OptionGroup.Run,
        "Threads to compute with (default: one per core). Results can differ in the last bits between numbers of threads.",
        Least = 1, Most = 1024)]
    public int Threads { get; init; }

    [Choice(OptionGroup.Run, "Where to compute (default: cpu).", typeof(DeviceChoice))]
    public string Device { get; init; } = DeviceChoice.Processor;

    [Folder(
        OptionGroup.Training,
        "Folder of a model of the same network, whose weights the run begins with, as for larger mazes after small ones (default: drawn).")]
    public string? From { get; init; }

    [Number(
        OptionGroup.Training,
        "Passes over the training data (default: 5 for digits, 6 for mazes, 8 for sums, 30 for points of flows, 100 for tables, "
            + "12 for texts, 2 for deblurring and tomography, 20 for robust networks, else 10).",
        Least = 1)]
    public required int Epochs { get; init; }

    [Number(
        OptionGroup.Data,
        "Samples in a batch (default: 100; 50 of cifar10 and svhn; 250 for robust networks; 48 mazes, 128 strings; of flows 64 points, "
            + "32 windows of a table or a text; 32 for deblurring, 16 for tomography).",
        Least = 1)]
    public int Batch { get; init; } = 100;

    [Number(
        OptionGroup.Training,
        "Base rate of Adam (default: 0.003; 0.002 for cifar10, svhn, mazes, sums, texts, deblurring and tomography; 0.01 for points of "
            + "flows, 0.005 for tables and robust networks).", Above = 0)]
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>What a file does not say, as those of older versions do not, is read as null.</summary>
    [Choice(
        OptionGroup.Training,
        $"On several ranks, whether a batch is normalised as one, or each rank's share by itself (default: "
            + $"{BatchNormChoice.Synchronised}).",
        typeof(BatchNormChoice))]
    public string BatchNorm { get => field ?? BatchNormChoice.Synchronised; init; }

    [Choice(OptionGroup.Training, "How the rate falls (default: cosine).", typeof(ScheduleChoice))]
    public string Schedule { get; init; } = ScheduleChoice.Cosine;

    [Number(OptionGroup.Training, "Steps over which the rate rises first (default: 0; 100 for texts).", Least = 0)]
    public int Warmup { get; init; }

    [Number(OptionGroup.Training, "Decoupled weight decay (default: 0; 0.01 for texts).", Least = 0)]
    public double WeightDecay { get; init; }

    [Number(
        OptionGroup.Training, "Largest norm of the gradient (default: none; 1 for mazes, sums, texts, deblurring and tomography).",
        Above = 0)]
    public double? ClipNorm { get; init; }

    [Number(
        OptionGroup.Training,
        "Decay of a moving average of the weights, such as 0.99, which is then validated and kept (default: none; 0.99 for cifar10 and "
            + "svhn).",
        Above = 0, Below = 1)]
    public double? Average { get; init; }

    [Number(
        OptionGroup.Data,
        "Largest random shift of a training image in pixels (default: 2 for mnist but with robust networks, else 0).",
        Least = 0, Most = 16, Only = ImageKind.Images)]
    public int Shift { get; init; }

    [Switch(
        OptionGroup.Data,
        "Change training images at random: mirrored (not digits), cropped out of a border of 4 pixels, a rectangle erased.",
        Only = ImageKind.Images)]
    public bool Augment { get; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as null: there was one network then.</summary>
    [Choice(
        OptionGroup.Network,
        "Network of the paper for images (default: mnist-fpn; for svhn svhn-fpn, for cifar10 cifar10-fpn-small); monotone, of one "
            + "monotone convolution; multiscale, at several scales; robust, whose answers are certified in a radius; well-posed, a flat "
            + "latent of 100; well-posed-low-rank; neural-ode or augmented-ode, which appends zeros to the state, for images too (default "
            + "of other data for flows: augmented-ode).",
        typeof(NetworkChoice), Only = $"{ImageKind.Images} and {FlowKind.Flows}")]
    public string Network { get => field ?? NetworkChoice.First; init; }

    [Number(
        OptionGroup.Network,
        "Latent layers (default: 1, with --published cifar10-fpn 5). The clean mnist-fpn has one, and a residual block in its encoder for "
            + "every further one: 2 have the 54,352 parameters of the paper's.",
        Least = 1, Most = 50, Only = ImageKind.Images)]
    public int? LatentLayers { get; init; }

    [Switch(
        OptionGroup.Network,
        "The network as published: of images with batch norm in R, which couples the samples of a batch (default: the clean form, R a "
            + "certified contraction); of texts a character hears its own latent (default: the one before it).",
        Only = $"{ImageKind.Images} and {TextKind.Texts}")]
    public bool Published { get; init; }

    [Number(
        OptionGroup.Network,
        "Channels of the latent of mazes and sums (default: 24), of texts (128), of each scale of multiscale networks (24), of robust "
            + "ones (256), of monotone ones (32, of colour images 81), of the state of a neural ODE for images (64), in each layer "
            + "of a denoiser (32).",
        Least = 1, Most = 1024,
        Only = $"{GridKind.Grids}, {TextKind.Texts}, {MultiscaleImages.Networks}, {RobustImages.Networks}, "
            + $"{MonotoneImages.Networks}, {FlowKind.Flows}, {RestorationKind.Restorations}")]
    public int? Channels { get; init; }

    [Number(
        OptionGroup.Network, "Heads of attention, a divisor of the channels (default: 4).", Least = 1, Most = 1024, Only = TextKind.Texts)]
    public int? Heads { get; init; }

    [Number(
        OptionGroup.Network, "Channels inside the feed-forward part of a transformer (default: 4 times the others).", Least = 1,
        Most = 1 << 14, Only = TextKind.Texts)]
    public int? FeedForward { get; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as null.</summary>
    [Choice(
        OptionGroup.Network, "Denoiser of R: bounded, so that R contracts, or free, a residual network as dear (default: bounded).",
        typeof(DenoiserChoice), Only = RestorationKind.Restorations)]
    public string Denoiser { get => field ?? RestorationOptions.Bounded; init; }

    [Number(
        OptionGroup.Network, "Channels of the guide, which reads the measurement once for each solve; 0 for none (default: 32).", Least = 0,
        Most = 1024, Only = RestorationKind.Restorations)]
    public int? Guide { get; init; }

    [Number(
        OptionGroup.Network,
        "The explicit twin with as many copies of R in a row, each with weights of its own.",
        Least = 1, Most = 256, IsCompared = true, Only = $"{GridKind.Grids} and {TextKind.Texts}")]
    public int? Untied { get; init; }

    [Switch(OptionGroup.Network, "The explicit twin: the same layers, R applied once, by plain backpropagation.", IsCompared = true)]
    public bool Explicit { get; init; }

    [Number(
        OptionGroup.Network,
        "Contraction factor of the latent operator; as published, a factor that bounds nothing (default: 0.5; 0.95 for well-posed, "
            + "0.97 for deblurring and tomography).",
        Above = 0, Below = 1,
        Only = ImageKind.Images)]
    public double Gamma { get; init; } = 0.5;

    [Number(
        OptionGroup.Network, "Rank of the matrix of a well-posed-low-rank network (default: 10).", Least = 1, Most = 100,
        Only = WellPosedImages.LowRankNetworks)]
    public int? Rank { get; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as 0.</summary>
    [Number(
        OptionGroup.Network, "Monotonicity m of I - W: the larger, the fewer steps, and the less W can do (default: 1).", Above = 0,
        Only = MonotoneImages.Networks)]
    public double Monotonicity { get => field == 0 ? 1 : field; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as 0.</summary>
    [Number(
        OptionGroup.Network, "Limit of the norm of I - W, above m: no weight then takes more steps than it says (default: 4 m).",
        Above = 0, Only = MonotoneImages.Networks)]
    public double Lipschitz { get => field == 0 ? MonotoneClassifierOptions.DefaultCondition * Monotonicity : field; init; }

    [Number(
        OptionGroup.Training,
        "Radius, in L2 and pixels from 0 to 1, within which answers are to stay the same: the larger, the fewer are right (default: 1.2).",
        Least = 0, Only = RobustImages.Networks)]
    public double? Margin { get; init; }

    [Number(
        OptionGroup.Solver,
        "Relative tolerance of the solve (default: 0.001, with --published 0.01; 0.0001 for mazes and sums, 0.00001 for restorations "
            + "and robust networks).",
        Above = 0, Below = 1)]
    public double Tolerance { get; init; } = 1e-3;

    [Number(OptionGroup.Solver, "Absolute tolerance of the solve, which is added to it (default: 0; 0.001 for flows).", Least = 0)]
    public double AbsoluteTolerance { get; init; }

    [Number(
        OptionGroup.Solver,
        "Step limit of the solve (default: 100; of mazes N^2, of sums 4 N, both at least 500; of flows 1000, of texts 50, of multiscale "
            + "networks 30; one that is given holds for every size).",
        Least = 1)]
    public int MaxSteps { get; init; } = 100;

    [Number(
        OptionGroup.Training,
        "Steps after which a training solve is cut short and counts as it is (default: none; 3.3 N for mazes, N + 2 for sums, "
            + "8 for multiscale networks).", Least = 1)]
    public int? TrainSteps { get; init; }

    [Number(
        OptionGroup.Training,
        "Relative tolerance of training solves (default: that of the others; 0.001 for mazes, sums, deblurring and tomography, "
            + "0.01 for texts and multiscale networks).",
        Above = 0, Below = 1)]
    public double? TrainTolerance { get; init; }

    [Switch(OptionGroup.Training, "Cut every training solve short after a random number of steps, up to --train-steps.")]
    public bool RandomSteps { get; init; }

    [Number(
        OptionGroup.Training,
        "Training steps to begin with that apply R 3 times from the start, by plain backpropagation, in place of a solve (default: 0).",
        Least = 0)]
    public int Pretrain { get; init; }

    [Number(
        OptionGroup.Training,
        "Deviation of the normal noise added to the start of training solves: 1 makes it a random start (default: 0; 1 for mazes and "
            + "sums).",
        Least = 0)]
    public double StartNoise { get; init; }

    [Choice(
        OptionGroup.Solver,
        $"How fixed points are found (default: {SolverChoice.Default}; of monotone networks {SolverChoice.PeacemanRachford}, of multiscale "
            + $"ones, for deblurring and tomography {SolverChoice.Anderson}).",
        typeof(SolverChoice))]
    public string Solver { get; init; } = SolverChoice.Default;

    /// <summary>What a file does not say, as those of older versions do not, is read as null: there was one method then.</summary>
    [Choice(
        OptionGroup.Solver,
        $"Method of a flow's steps (default: {MethodChoice.Default}); bosh3 takes fewer evaluations where tolerances are coarse.",
        typeof(MethodChoice), Only = FlowKind.Flows)]
    public string Method { get => field ?? MethodChoice.Default; init; }

    [Number(
        OptionGroup.Solver,
        "Share of the full step that the solver takes (default: 1; 0.8 for mazes).", Above = 0, Most = 1, Alias = "--mixing")]
    public double Damping { get; init; } = 1;

    [Number(OptionGroup.Solver, "Steps that anderson, broyden and chain remember (default: the solver's).", Least = 1, Most = 50)]
    public int? Memory { get; init; }

    [Switch(
        OptionGroup.Solver,
        "Start every solve from the image's latent of the epoch before (kept in float16, also in the checkpoints).",
        Only = ImageKind.Images)]
    public bool WarmStart { get; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as null.</summary>
    [Gradient(IsCompared = true)]
    public string Gradient { get => field ?? GradientChoice.Default; init; }

    [Number(
        OptionGroup.Checks,
        "How often per epoch the gradient is compared with the exact one, outside the time measured (default: 0).",
        Least = 0, IsFreeOnResume = true)]
    public int Cosines { get; init; }

    [Number(
        OptionGroup.Training,
        "Weight of a term of the loss that keeps the operator contracting, or a flow's field nearly the same along its way "
            + "(default: none).",
        Above = 0)]
    public double? JacobianPenalty { get; init; }

    [Number(
        OptionGroup.Training, "Weight of a term of the loss that keeps the ways of a flow short and straight (default: none).", Above = 0,
        Only = FlowKind.Flows)]
    public double? KineticPenalty { get; init; }

    [Number(OptionGroup.Checks, "Steps between two comparisons of the gradient with the exact one (default: none).", Least = 1)]
    public int? CertificateEvery { get; init; }

    [Switch(OptionGroup.Checks, "Go from JFB to refined and exact gradients, and back, as the comparisons say; needs --certificate-every.")]
    public bool Escalate { get; init; }

    [Number(
        OptionGroup.Output,
        "Steps between two checkpoints; one is also written after every epoch (default: 500).", Least = 1, IsFreeOnResume = true)]
    public int CheckpointEvery { get; init; } = 500;
}
