using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using ImplicitNet.Cli.Settings;

namespace ImplicitNet.Cli.Options;

/// <summary>One setting of a run: a property of <see cref="RunSettings"/> with its flag.</summary>
internal sealed class RunSetting
{
    private readonly PropertyInfo _property;

    private RunSetting(PropertyInfo property, FlagAttribute flag)
    {
        (_property, Flag) = (property, flag);
        Name = JsonNamingPolicy.KebabCaseLower.ConvertName(property.Name);
    }

    /// <summary>All of them, in the order of the help and of the file.</summary>
    public static IReadOnlyList<RunSetting> All { get; } =
    [
        .. from property in typeof(RunSettings).GetProperties()
           let flag = property.GetCustomAttribute<FlagAttribute>()
           where flag is not null
           select new RunSetting(property, flag),
    ];

    /// <summary>Its name in the file, and behind two dashes that of its flag.</summary>
    public string Name { get; }

    /// <summary>The property's name.</summary>
    public string Property => _property.Name;

    public FlagAttribute Flag { get; }

    /// <summary>The flag of a setting for a command that has its own default for it.</summary>
    /// <typeparam name="T">What the property holds, or null.</typeparam>
    /// <param name="property">The property's name.</param>
    /// <param name="help">What the help says; null: the same as for a run.</param>
    public static Option<T> Option<T>(string property, string? help = null) =>
        (Option<T>)All.First(setting => setting.Property == property).CreateOption(help);

    /// <summary>Makes the flag.</summary>
    public Option CreateOption(string? help = null)
    {
        Option option = Flag.Create($"--{Name}", help ?? Flag.Help, _property.PropertyType);
        option.Hidden = Flag.IsHidden;
        return option;
    }

    /// <summary>Its value; null where there is none.</summary>
    public object? Of(RunSettings settings) => _property.GetValue(settings);

    /// <summary>Its value in words.</summary>
    public string Text(RunSettings settings) => Convert.ToString(Of(settings), CultureInfo.InvariantCulture) is { Length: > 0 } text
        ? _property.PropertyType == typeof(bool) ? text.ToLowerInvariant() : text
        : "none";

    /// <summary>Puts a value into settings that nobody else has.</summary>
    public void Put(RunSettings settings, object value) => _property.SetValue(settings, value);

    /// <summary>Refuses a value that the flag does not take.</summary>
    /// <exception cref="ArgumentException">It does not; the message names the setting, the range and the value.</exception>
    public void Check(RunSettings settings)
    {
        if (Of(settings) is not null)
        {
            ParseResult parsed = new Command("check") { CreateOption() }.Parse([$"--{Name}={Text(settings)}"]);
            if (parsed.Errors is [ParseError error, ..])
            {
                throw new ArgumentException(error.Message.TrimStart('-'));
            }
        }
    }
}
