using System.CommandLine;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;

namespace ImplicitNet.Cli.Options;

/// <summary>
/// The options of training, each of which is one of the settings. None has a default of its own: what is not given stays as it is.
/// </summary>
internal sealed class TrainOptions
{
    private readonly (RunSetting Setting, Option Option)[] _options =
        [.. RunSetting.All.Select(setting => (setting, setting.CreateOption()))];

    /// <summary>Adds the options to a command that trains once.</summary>
    public void AddTo(Command command) => Array.ForEach(_options, pair => command.Add(pair.Option));

    /// <summary>Adds those that several runs of one comparison share: all but the seed, the gradient and the explicit twin.</summary>
    public void AddSharedTo(Command command)
    {
        foreach ((_, Option option) in _options.Where(pair => !pair.Setting.Flag.IsCompared))
        {
            command.Add(option);
        }
    }

    /// <summary>Whether a setting was given, if only its default.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="property">The property's name.</param>
    public bool Gives(ParseResult parsed, string property) => Given(parsed).Any(pair => pair.Setting.Property == property);

    /// <summary>The settings of a new run.</summary>
    /// <exception cref="CommandException">They do not go together.</exception>
    public RunSettings Begin(ParseResult parsed)
    {
        RunSettings given = Replace(parsed, RunKinds.DefaultsFor(DataChoice.Default));
        RunSettings usual = RunKinds.DefaultsFor(given.Data, given.Published, given.Network, given.Task);
        return Over(parsed, given.IsExplicit ? usual with { Gradient = GradientChoice.Default } : usual);
    }

    /// <summary>Settings with those replaced that are given.</summary>
    /// <exception cref="CommandException">They do not go together.</exception>
    public RunSettings Over(ParseResult parsed, RunSettings settings)
    {
        foreach ((RunSetting setting, object value) in Given(parsed))
        {
            RunKinds.EnsureTakes(settings, setting, value);
        }

        RunSettings replaced = Replace(parsed, settings);
        return RunKinds.Problem(replaced) is { } problem ? throw new CommandException($"--{problem}", ExitCodes.Usage) : replaced;
    }

    private RunSettings Replace(ParseResult parsed, RunSettings settings)
    {
        RunSettings replaced = settings with { };
        foreach ((RunSetting setting, object value) in Given(parsed))
        {
            setting.Put(replaced, value);
        }

        return replaced;
    }

    private IEnumerable<(RunSetting Setting, object Value)> Given(ParseResult parsed) =>
        from pair in _options
        let value = parsed.GetResult(pair.Option) is { Implicit: false } result ? result.GetValueOrDefault<object?>() : null
        where value is not null
        select (pair.Setting, value);
}
