using System.CommandLine;
using System.Globalization;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes the option that takes the radii of a certificate.</summary>
internal static class RadiiOption
{
    /// <summary>The relative tolerance of solves that are certified, where nobody chose.</summary>
    public const double Tolerance = 1e-5;

    public static Option<GivenRadius[]?> Create() => new("--certify")
    {
        Description = "Certify the class of every image: the share of those that are right and stay so under any change shorter than each "
            + "of these radii, such as 0.1,0.5,1.58, in L2 and in pixels from 0 to 1. Needs bounds of every part of the network; solves to "
            + "0.00001 unless --tolerance says otherwise.",
        HelpName = "list",
        CustomParser = argument =>
        {
            List<GivenRadius> radii = [];
            string given = argument.Tokens[0].Value;
            foreach (string part in given.Split(',').Select(text => text.Trim()))
            {
                const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
                if (!double.TryParse(part, Plain, CultureInfo.InvariantCulture, out double value)
                    || value is not (> 0 and < double.PositiveInfinity))
                {
                    argument.AddError($"--certify must be radii above 0 with commas between them, such as 0.1,0.5,1.58; given {given}.");
                }
                else if (radii.Exists(radius => radius.Value == value))
                {
                    argument.AddError($"--certify: {part} is there more than once.");
                }

                radii.Add(new GivenRadius(part, value));
            }

            return [.. radii];
        },
    };
}
