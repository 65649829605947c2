using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Square images from their integrals along lines, with noise.</summary>
internal sealed class Tomography : RestorationKind
{
    // Of integrals along some 60 pixels.
    private const double UsualNoise = 0.5;

    public override string Name => TaskChoice.Tomography;

    public override bool Fits(NetworkOptions network) => network is RestorationOptions { Measurement: RestorationOptions.Radon };

    public override RunSettings DefaultsFor(string data, bool isPublished = false) =>
        Defaults(data, epochs: 2, validation: 200, batch: 16) with
        {
            Angles = new RestorationOptions().Angles,
            Noise = UsualNoise,
            Gamma = RestorationOptions.DefaultGamma,
        };

    protected override RestorationOptions Options(RunSettings settings, int channels, int side)
    {
        RestorationOptions usual = Usual(settings, channels);
        return usual with
        {
            Measurement = RestorationOptions.Radon,
            Side = side,
            Angles = settings.Angles ?? usual.Angles,
            Noise = settings.Noise ?? UsualNoise,
        };
    }

    protected override string Measures(RestorationOptions options) =>
        FormattableString.Invariant($"line integrals in {options.Angles} directions");
}
