using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;

namespace ImplicitNet.Cli.Kinds;

/// <summary>A model in its folder.</summary>
/// <param name="Folder">Where it lies.</param>
/// <param name="Config">What it is.</param>
internal sealed record SavedModel(string Folder, ModelConfig Config)
{
    /// <summary>Reads what a folder holds, but for its weights.</summary>
    /// <exception cref="CommandException">It is a model with a flow.</exception>
    /// <exception cref="ModelFileException">The configuration cannot be read.</exception>
    public static SavedModel In(string folder) => FlowModelFolder.IsOne(folder)
        ? throw new CommandException($"{folder} is a model with a flow, which train, evaluate and predict take.", ExitCodes.Usage)
        : new(folder, ModelFolder.LoadConfig(folder));

    /// <summary>Builds its network.</summary>
    /// <returns>In evaluation mode. The caller owns it.</returns>
    public ImplicitNetwork LoadNetwork() => ModelFolder.LoadNetwork(Folder, Config);
}
