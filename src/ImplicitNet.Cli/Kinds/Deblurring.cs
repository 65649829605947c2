using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Images after a Gaussian blur, with noise.</summary>
internal sealed class Deblurring : RestorationKind
{
    public override string Name => TaskChoice.Deblurring;

    public override bool Fits(NetworkOptions network) =>
        network is RestorationOptions { Measurement: not RestorationOptions.Radon };

    public override RunSettings DefaultsFor(string data, bool isPublished = false) => new()
    {
        Data = data,
        Task = Name,
        Blur = new RestorationOptions().Blur,
        Noise = new RestorationOptions().Noise,
        Gamma = RestorationOptions.DefaultGamma,
        Solver = SolverChoice.Anderson,
        Tolerance = 1e-4,
        TrainTolerance = 1e-3,
        Epochs = 2,
        Validation = 500,
        Batch = 32,
        LearningRate = 2e-3,
        ClipNorm = 1,
    };

    protected override RestorationOptions Options(RunSettings settings, int channels, int side)
    {
        RestorationOptions usual = Usual(settings, channels);
        return usual with { Blur = settings.Blur ?? usual.Blur, Noise = settings.Noise ?? usual.Noise };
    }

    protected override string Words(RestorationOptions options) => FormattableString.Invariant(
        $"{options.Architecture}, {options.Measurement} of deviation {options.Blur}, noise {options.Noise}, ")
        + $"{Display.Counted(options.Layers, "layer")} of {Display.Counted(options.HiddenChannels, "channel")}";
}
