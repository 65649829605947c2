using System.CommandLine;
using System.Globalization;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes the option that takes several numbers of applications of R.</summary>
internal static class ApplicationsOption
{
    // A study applies R so often to every image.
    private const int Most = 1000;

    public static Option<int[]?> Create() => new("--applications")
    {
        Description = "Evaluate after each of these numbers of applications of R too, such as 1,2,3,5,10; one is the explicit S(R(0, q)).",
        HelpName = "list",
        CustomParser = argument =>
        {
            List<int> numbers = [];
            foreach (string part in argument.Tokens[0].Value.Split(','))
            {
                if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number is < 1 or > Most)
                {
                    argument.AddError($"--applications must be whole numbers from 1 to {Most} with commas between them; "
                        + $"given {argument.Tokens[0].Value}.");
                }
                else if (numbers.Contains(number))
                {
                    argument.AddError($"--applications: {number} is there more than once.");
                }

                numbers.Add(number);
            }

            return [.. numbers];
        },
    };
}
