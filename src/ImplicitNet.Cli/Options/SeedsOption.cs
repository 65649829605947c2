using System.CommandLine;
using System.Globalization;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes the option that takes several seeds.</summary>
internal static class SeedsOption
{
    public static Option<long[]?> Create(string defaults) => new("--seeds")
    {
        Description = $"Seeds, with commas between them: one run for each and each gradient (default: {defaults}).",
        HelpName = "list",
        CustomParser = argument =>
        {
            string given = argument.Tokens[0].Value;
            List<long> seeds = [];
            foreach (string part in given.Split(','))
            {
                if (!long.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seed))
                {
                    argument.AddError($"--seeds must be whole numbers with commas between them; given {given}.");
                }
                else if (seeds.Contains(seed))
                {
                    argument.AddError($"--seeds: {seed} is there more than once.");
                }

                seeds.Add(seed);
            }

            return [.. seeds];
        },
    };
}
