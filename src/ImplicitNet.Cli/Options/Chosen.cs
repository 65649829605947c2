using ImplicitNet.Models;
using ImplicitNet.Networks;

namespace ImplicitNet.Cli.Options;

/// <summary>Solvers and gradients as options name them: what cannot be had is a mistake in the options.</summary>
internal static class Chosen
{
    /// <summary>The settings of a configuration.</summary>
    /// <exception cref="CommandException">The solver or the gradient cannot be had so; the message names the option.</exception>
    public static SolveSettings Settings(ModelConfig config) => Of(config.CreateSettings);

    /// <summary>What is made of options.</summary>
    /// <exception cref="CommandException">It cannot be; the message names the option.</exception>
    public static T Of<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException exception)
        {
            throw new CommandException($"--{exception.Message}", ExitCodes.Usage);
        }
    }
}
