using ImplicitNet.Models;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>A model in its folder.</summary>
/// <param name="Folder">Where it lies.</param>
/// <param name="Config">What it is.</param>
internal sealed record SavedModel(string Folder, NetworkConfig Config)
{
    /// <summary>Reads what a folder holds, but for its weights.</summary>
    /// <exception cref="ModelFileException">The configuration cannot be read.</exception>
    public static SavedModel In(string folder) => new(folder, ModelFolder.LoadConfig(folder));

    /// <summary>What it is, of a model that finds fixed points.</summary>
    /// <exception cref="CommandException">It has a flow.</exception>
    public ModelConfig FixedPoints => Config as ModelConfig ?? throw new CommandException(
        $"{Folder} is a model with a flow, which has no fixed points: train, evaluate, audit, predict and info take it.", ExitCodes.Usage);

    /// <summary>Builds its network.</summary>
    /// <returns>In evaluation mode. The caller owns it.</returns>
    public nn.Module<Tensor, Tensor> LoadNetwork() => ModelFolder.LoadNetwork(Folder, Config);

    /// <summary>Builds its network, of a model that finds fixed points.</summary>
    /// <returns>In evaluation mode. The caller owns it.</returns>
    /// <exception cref="CommandException">It has a flow.</exception>
    public ImplicitNetwork LoadImplicit() => ModelFolder.LoadNetwork(Folder, FixedPoints);
}
