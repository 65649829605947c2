using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes options that take one number within a range; a value outside is refused in a line that names both.</summary>
internal static class NumberOption
{
    public static Option<int?> Whole(string name, string description, int least = 1, int most = int.MaxValue)
    {
        string range = most == int.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}";
        return Create<int>(name, description, value => value >= least && value <= most, range, NumberStyles.AllowLeadingSign);
    }

    public static Option<long?> Seed(string name, string description) =>
        Create<long>(name, description, _ => true, "a whole number", NumberStyles.AllowLeadingSign);

    public static Option<double?> Real(string name, string description, Func<double, bool> isInRange, string range,
        params string[] aliases) =>
        Create<double>(name, description, value => double.IsFinite(value) && isInRange(value), range, NumberStyles.Float, aliases);

    private static Option<T?> Create<T>(
        string name, string description, Func<T, bool> isInRange, string range, NumberStyles styles, params string[] aliases)
        where T : struct, System.Numerics.INumber<T>
    {
        return new Option<T?>(name, aliases) { Description = description, HelpName = "number", CustomParser = Parse };

        T? Parse(ArgumentResult argument)
        {
            string given = argument.Tokens[0].Value;
            if (T.TryParse(given, styles, CultureInfo.InvariantCulture, out T value) && isInRange(value))
            {
                return value;
            }

            argument.AddError($"{name} must be {range}; given {given}.");
            return null;
        }
    }
}
