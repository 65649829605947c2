using ImplicitNet.Files;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;

namespace ImplicitNet.Models;

/// <summary>
/// The description of a saved network, apart from its weights: all that is needed to build it again and to prepare its inputs.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The architecture by its name in <c>config.json</c>: that of <see cref="Network"/>.</summary>
    public string Architecture => Network.Architecture;

    /// <summary>The architecture and its sizes; default: a digit classifier.</summary>
    public NetworkOptions Network
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Network));
    } = new DigitClassifierOptions();

    /// <summary>
    /// What it was trained on: "digits", "mnist", "fashion-mnist", "cifar10", "svhn", "mazes:9", "sums:32", or any other name.
    /// </summary>
    public required string Data { get; init; }

    /// <summary>
    /// Mean of the training pixels, each byte over 255; finite. One for each channel of an image, or one for all. A network of images
    /// needs it; for every other it is null, the default.
    /// </summary>
    public ChannelValues? PixelMean
    {
        get;
        init => field = value?.All(double.IsFinite) != false
            ? value
            : throw new ArgumentOutOfRangeException(nameof(PixelMean), $"PixelMean must be finite; it is {value}.");
    }

    /// <summary>
    /// Standard deviation of the training pixels; above 0 and finite. As many as there are means, and null where there is none.
    /// </summary>
    public ChannelValues? PixelDeviation
    {
        get;
        init => field = value?.All(number => number is > 0 and < double.PositiveInfinity) != false
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(PixelDeviation), $"PixelDeviation must be a finite number above 0; it is {value}.");
    }

    /// <summary>How pixels become the network's input.</summary>
    /// <exception cref="ArgumentException">Means and deviations are missing, or do not match each other or the network.</exception>
    /// <exception cref="InvalidOperationException">The network takes no images.</exception>
    public PixelNormalization Normalization
    {
        get
        {
            if (Network is not ClassifierOptions images)
            {
                throw new InvalidOperationException($"A network {Architecture} takes no images: it has no pixels to normalise.");
            }

            ChannelValues mean = PixelMean ?? throw Missing(nameof(PixelMean));
            ChannelValues deviation = PixelDeviation ?? throw Missing(nameof(PixelDeviation));
            return mean.Fit(images.ImageChannels)
                ? new PixelNormalization(mean, deviation)
                : throw new ArgumentException(
                    $"PixelMean must be one number or {images.ImageChannels}, one for each channel; it is {mean}.");
        }
    }

    /// <summary>Relative tolerance of the solve, in [0, 1), dimensionless; default 1e-3.</summary>
    public double RelativeTolerance
    {
        get;
        init => field = new StoppingRule { RelativeTolerance = value }.RelativeTolerance!.Value;
    } = 1e-3;

    /// <summary>
    /// Absolute tolerance of the solve, which is added to the relative one: a sample ends at
    /// <c>||R(u) - u|| &lt;= AbsoluteTolerance + RelativeTolerance ||u||</c>. At least 0 and finite, in the units of the latent; default 0.
    /// </summary>
    public double AbsoluteTolerance
    {
        get;
        init => field = new StoppingRule { AbsoluteTolerance = value }.AbsoluteTolerance!.Value;
    }

    /// <summary>Step limit of the solve; at least 1; default 100.</summary>
    public int MaxSteps
    {
        get;
        init => field = new StoppingRule { MaxSteps = value }.MaxSteps;
    } = 100;

    /// <summary>How fixed points are found: "picard" (the default), "anderson", "broyden", "newton-krylov" or "chain".</summary>
    public string Solver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    } = SolverChoice.Default;

    /// <summary>Share of the full step that the solver takes, in (0, 1]; default 1.</summary>
    public double Damping { get; init; } = 1;

    /// <summary>
    /// The number of steps that the solver remembers; null, the default, for the solver's own default, and for solvers that remember none.
    /// </summary>
    public int? Memory { get; init; }

    /// <summary>
    /// The gradient through the fixed point, as written on the command line: "jfb" (the default), "implicit:gmres", "neumann:3", and so on.
    /// </summary>
    public string Gradient
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Gradient));
    } = GradientChoice.Default;

    /// <summary>Creates the settings of the solve and its gradient; failures throw.</summary>
    /// <exception cref="ArgumentException">
    /// There is no such solver or gradient, a number is out of its range, or the gradient does not work with the solver.
    /// </exception>
    public SolveSettings CreateSettings()
    {
        GradientChoice gradient = GradientChoice.Parse(Gradient);
        return new SolveSettings
        {
            Solver = gradient.Fit(SolverChoice.Create(Solver, Damping, Memory), Solver),
            Gradient = gradient.Gradient,
            Stopping = Network.Rule with
            {
                RelativeTolerance = RelativeTolerance,

                // Beside a relative one, none is 0; 0 would be another identity of the runs before there was a choice.
                AbsoluteTolerance = AbsoluteTolerance > 0 ? AbsoluteTolerance : null,
                MaxSteps = MaxSteps,
            },
        };
    }

    /// <summary>Builds the network, with weights drawn from torch's random state and its settings. The caller owns it.</summary>
    public ImplicitNetwork CreateNetwork()
    {
        SolveSettings settings = CreateSettings();
        ImplicitNetwork network = Network.CreateNetwork();
        network.Settings = settings;
        return network;
    }

    /// <summary>The content of <c>config.json</c>.</summary>
    /// <exception cref="ArgumentException">Pixel means and deviations are missing, or do not fit the network.</exception>
    public string ToJson()
    {
        EnsureFits();
        return ModelConfigFile.Of(this).ToJson();
    }

    /// <summary>Refuses a normalisation that is not that of the network's images, or where it takes none.</summary>
    /// <exception cref="ArgumentException">It is.</exception>
    internal void EnsureFits()
    {
        if (Network is ClassifierOptions)
        {
            _ = Normalization;
        }
        else if ((PixelMean ?? PixelDeviation) is { } pixels)
        {
            string name = PixelMean is null ? nameof(PixelDeviation) : nameof(PixelMean);
            throw new ArgumentException($"{name} is {pixels}, and a network {Architecture} takes no images: leave it out.");
        }
    }

    private static ArgumentException Missing(string name) => new($"{name} is missing, and a network of images needs it.");
}
