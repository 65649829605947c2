using System.CommandLine;
using System.Globalization;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>Makes options that take several whole numbers with commas between them.</summary>
internal static class NumberListOption
{
    public static Option<int[]> Create(string name, string description, IReadOnlyList<int> defaults, int most = int.MaxValue) => new(name)
    {
        Description = $"{description} (default: {string.Join(',', defaults)}).",
        HelpName = "list",
        DefaultValueFactory = _ => [.. defaults],
        CustomParser = argument =>
        {
            string given = argument.Tokens[0].Value;
            List<int> numbers = [];
            foreach (string part in given.Split(','))
            {
                if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1 || number > most)
                {
                    argument.AddError($"{name} must be whole numbers from 1 to {most} with commas between them; given {given}.");
                    return [];
                }

                numbers.Add(number);
            }

            return [.. numbers.Distinct().Order()];
        },
    };
}
