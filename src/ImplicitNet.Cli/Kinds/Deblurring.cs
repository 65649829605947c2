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

    public override RunSettings DefaultsFor(string data, bool isPublished = false) =>
        Defaults(data, epochs: 2, validation: 500, batch: 32) with
        {
            Blur = new RestorationOptions().Blur,
            Noise = new RestorationOptions().Noise,
            Gamma = RestorationOptions.DefaultGamma,
        };

    protected override RestorationOptions Options(RunSettings settings, int channels, int side)
    {
        RestorationOptions usual = Usual(settings, channels);
        return usual with { Blur = settings.Blur ?? usual.Blur, Noise = settings.Noise ?? usual.Noise };
    }

    protected override string Measures(RestorationOptions options) =>
        FormattableString.Invariant($"{options.Measurement} of deviation {options.Blur}");
}
