using System.Text.Json.Serialization;
using ImplicitNet.Measurements;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// Sizes of a <see cref="RestorationNetwork"/>, and what its images are measured by. The defaults are for colour images of any size under a
/// Gaussian blur: 46,052 parameters.
/// </summary>
public sealed record RestorationOptions : ImplicitNetworkOptions
{
    /// <summary>A Gaussian blur of images that go on at the opposite edge, of any size.</summary>
    public const string CircularBlur = "circular-blur";

    /// <summary>A Gaussian blur of images with black around them, of any size; it has no proximal map.</summary>
    public const string PaddedBlur = "padded-blur";

    /// <summary>Line integrals of square images of one size, as a tomograph measures them; they have no proximal map.</summary>
    public const string Radon = "radon";

    /// <summary>The image itself: what is undone is the noise.</summary>
    public const string Identity = "identity";

    /// <summary>A step of half-quadratic splitting; for measurements with a proximal map.</summary>
    public const string HalfQuadratic = "half-quadratic";

    /// <summary>A proximal gradient step.</summary>
    public const string ProximalGradient = "proximal-gradient";

    /// <summary>A step down the gradient, which has the fixed points of half-quadratic splitting, and goes there slowly.</summary>
    public const string Gradient = "gradient";

    /// <summary>A denoiser that no weights can make longer than gamma: R is a certified contraction.</summary>
    public const string Bounded = "bounded";

    /// <summary>A residual network that nothing bounds: R has no factor and no certificate.</summary>
    public const string Free = "free";

    internal const string Name = "restoration";

    /// <summary>gamma where nobody chose.</summary>
    internal const double DefaultGamma = 0.97;

    private const int MostSide = 1024;
    private const int MostAngles = 1024;
    private const int MostKernel = 31;
    private const double LargestBlur = 100;
    private const int TrialSide = 9;

    private static readonly string[] Measurements = [CircularBlur, PaddedBlur, Radon, Identity];
    private static readonly string[] Steps = [HalfQuadratic, ProximalGradient, Gradient];
    private static readonly string[] Denoisers = [Bounded, Free];

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <summary>
    /// What measures the images: "circular-blur" (the default), "padded-blur", "radon" or "identity".
    /// </summary>
    public string Measurement { get; init => field = OneOf(value, Measurements, nameof(Measurement)); } = CircularBlur;

    /// <summary>Deviation of a blur in pixels; above 0 and at most 100; default 1.6.</summary>
    public double Blur
    {
        get;
        init => field = value is > 0 and <= LargestBlur
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Blur), value, $"The blur must be above 0 and at most {LargestBlur} pixels.");
    } = 1.6;

    /// <summary>Directions of line integrals, over half a turn; 1 to 1024; default 30.</summary>
    public int Angles { get; init => field = Within(value, 1, MostAngles, nameof(Angles)); } = 30;

    /// <summary>
    /// Rows and columns of the images of line integrals; 1 to 1024; default 64. Other measurements take images of any size.
    /// </summary>
    public int Side { get; init => field = Within(value, 1, MostSide, nameof(Side)); } = 64;

    /// <summary>
    /// Standard deviation of the noise of the measurements that it was trained for, in their units; at least 0 and finite; default 0.01.
    /// The network itself does not use it.
    /// </summary>
    public double Noise
    {
        get;
        init => field = value is >= 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Noise), value, "The deviation of the noise must be at least 0 and finite.");
    } = 0.01;

    /// <summary>Channels of the images; 1 to 4096; default 3.</summary>
    public int Channels { get; init => field = Within(value, 1, MostChannels, nameof(Channels)); } = 3;

    /// <summary>
    /// What the denoiser is: "bounded" (the default), or "free", as dear and with twice the weights, of which nothing is known.
    /// </summary>
    public string Denoiser { get; init => field = OneOf(value, Denoisers, nameof(Denoiser)); } = Bounded;

    /// <summary>Channels inside each layer of the denoiser; 1 to 4096; default 32.</summary>
    public int HiddenChannels { get; init => field = Within(value, 1, MostChannels, nameof(HiddenChannels)); } = 32;

    /// <summary>Layers of the denoiser; 1 to 256; default 3.</summary>
    public int Layers { get; init => field = Within(value, 1, MostLayers, nameof(Layers)); } = 3;

    /// <summary>The side of the kernels, odd; default 5.</summary>
    public int KernelSize
    {
        get;
        init => field = Within(value, 1, MostKernel, nameof(KernelSize)) is var side && side % 2 == 1
            ? side
            : throw new ArgumentOutOfRangeException(nameof(KernelSize), value, "The kernel's side must be odd.");
    } = 5;

    /// <summary>
    /// Channels inside the guide, six convolutions that read the measurement once for each solve; 0 to 4096, 0 for none; default 32.
    /// </summary>
    public int GuideChannels { get; init => field = Within(value, 0, MostChannels, nameof(GuideChannels)); } = 32;

    /// <summary>The factor of a bounded denoiser, above 0 and below 1; default 0.97. A free one does not use it.</summary>
    public double Gamma
    {
        get;
        init => field = value is > 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Gamma), value, "gamma must be above 0 and below 1.");
    } = DefaultGamma;

    /// <summary>
    /// How R joins the measurement and the denoiser: "half-quadratic", "proximal-gradient" or "gradient"; null, the default, for the first
    /// where the measurement has a proximal map, and the second elsewhere.
    /// </summary>
    public string? Step { get; init => field = value is null ? null : OneOf(value, Steps, nameof(Step)); }

    /// <inheritdoc/>
    [JsonIgnore]
    internal override string DefaultSolver => Explicit ? SolverChoice.Default : SolverChoice.Anderson;

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers =>
        ((Denoiser == Free ? 2 : 1) * Layers * Convolution(Channels, HiddenChannels, KernelSize))
            + MeasurementGuide.LeastNumbers(Channels, GuideChannels);

    // Without a factor the least residual says nothing of the image: what counts is how far the solve came, as in training.
    /// <inheritdoc/>
    [JsonIgnore]
    internal override StoppingRule Rule => Denoiser == Free ? new() { Returned = ReturnedIterate.Last } : new();

    /// <summary>What measures the images.</summary>
    public MeasurementOperator CreateMeasurement() => Measurement switch
    {
        CircularBlur => ImplicitNet.Measurements.CircularBlur.Gaussian(Blur),
        PaddedBlur => ImplicitNet.Measurements.PaddedBlur.Gaussian(Blur),
        Radon => new RadonTransform(Side, Angles),
        _ => new IdentityMeasurement(),
    };

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => RestorationNetwork.Create(this);

    /// <summary>How R joins the measurement and the denoiser.</summary>
    internal RestorationStep CreateStep() => Step switch
    {
        HalfQuadratic => RestorationStep.HalfQuadratic,
        ProximalGradient => RestorationStep.ProximalGradient,
        Gradient => RestorationStep.Gradient,
        _ => CreateMeasurement().HasProximal ? RestorationStep.HalfQuadratic : RestorationStep.ProximalGradient,
    };

    /// <inheritdoc/>
    internal override void EnsureFits()
    {
        if (Step == HalfQuadratic && !CreateMeasurement().HasProximal)
        {
            throw new ArgumentException(
                $"{nameof(Step)} {Step}: measurements {Measurement} have no proximal map that is computed at once. "
                    + $"Take {ProximalGradient}.");
        }
    }

    internal override Tensor TrialInput(Tensor like)
    {
        MeasurementOperator measurement = CreateMeasurement();
        (int height, int width) = measurement.MeasurementSizeOf(measurement.ImageSize ?? (TrialSide, TrialSide));
        return Wave(like, 1, Channels, height, width);
    }

    private static string OneOf(string value, string[] names, string name) => names.Contains(value)
        ? value
        : throw new ArgumentException($"{name} must be one of {string.Join(", ", names)}; it is {value}.", name);
}
