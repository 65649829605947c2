using System.CommandLine;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes options that name data: one, or several of any size.</summary>
internal static class DataOption
{
    /// <summary>One name; its value is canonical.</summary>
    public static Option<string?> One(string name, string description)
    {
        Option<string?> option = new(name)
        {
            Description = $"{description} One of {string.Join(", ", DataChoice.Names)}.",
            HelpName = "name",
            CustomParser = argument =>
            {
                string given = argument.Tokens[0].Value;
                if (Problem(name, given) is not { } problem)
                {
                    return GridData.Find(given)?.Name ?? TextData.Canonical(FlowData.Canonical(given));
                }

                argument.AddError(problem);
                return null;
            },
        };
        option.CompletionSources.Add([.. DataChoice.Names]);
        return option;
    }

    /// <summary>Sizes of tasks; their values are canonical.</summary>
    public static Option<string?> Several(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "list",
        CustomParser = argument =>
        {
            string given = argument.Tokens[0].Value;
            try
            {
                return GridData.ParseList(given) is { Count: > 0 } all
                    ? string.Join(',', all.Select(data => data.Name))
                    : throw new ArgumentException("names nothing");
            }
            catch (ArgumentException exception)
            {
                argument.AddError($"{name} {exception.Message}.");
                return null;
            }
        },
    };

    private static string? Problem(string name, string given)
    {
        try
        {
            if (FlowData.IsMeant(given))
            {
                FlowData.Canonical(given);
                return null;
            }

            if (TextData.IsMeant(given))
            {
                TextData.Canonical(given);
                return null;
            }

            if (!GridData.IsMeant(given))
            {
                return DataChoice.Images.Contains(given) || given == DataChoice.Ellipses
                    ? null
                    : Misspelling.OfValue(name, given, DataChoice.Names);
            }

            GridData.Parse(given);
            return null;
        }
        catch (ArgumentException exception)
        {
            return $"{name} {exception.Message}.";
        }
    }
}
