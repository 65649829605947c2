using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes options that take one number within a range; a value outside is refused in a line that names both.</summary>
internal static class NumberOption
{
    public static Option<int?> Whole(string name, string description, int least = 1, double most = double.PositiveInfinity) =>
        Create<int>(name, description, new NumberRange { Least = least, Most = most });

    /// <summary>An option of any number.</summary>
    public static Option<T?> Create<T>(string name, string description, NumberRange range, params string[] aliases)
        where T : struct, INumber<T>
    {
        bool isWhole = typeof(T) != typeof(double);
        range = range with { IsWhole = isWhole };
        return new Option<T?>(name, aliases) { Description = description, HelpName = "number", CustomParser = Parse };

        T? Parse(ArgumentResult argument)
        {
            string given = argument.Tokens[0].Value;
            NumberStyles styles = isWhole ? NumberStyles.AllowLeadingSign : NumberStyles.Float;
            if (T.TryParse(given, styles, CultureInfo.InvariantCulture, out T value) && range.Contains(double.CreateChecked(value)))
            {
                return value;
            }

            argument.AddError($"{name} must be {range}; given {given}.");
            return null;
        }
    }
}
