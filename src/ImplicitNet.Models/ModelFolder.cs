using System.Text.Json;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// A saved network: a folder with <c>config.json</c> and <c>model.safetensors</c>, which other tools read too.
/// </summary>
public static class ModelFolder
{
    private const long LargestConfig = 1 << 20;

    /// <summary>The path of the configuration in a folder.</summary>
    public static string ConfigPath(string folder) => Path.Combine(folder, "config.json");

    /// <summary>The path of the weights in a folder.</summary>
    public static string WeightsPath(string folder) => Path.Combine(folder, "model.safetensors");

    /// <summary>Saves a network and its configuration, each file whole or not at all.</summary>
    /// <param name="folder">The folder; created if it does not exist.</param>
    /// <param name="config">The description of the network and how it computes; the network's own settings are ignored.</param>
    /// <param name="network">The network, whose weights must be finite; the caller keeps it.</param>
    /// <exception cref="ArgumentException">
    /// The network is not the one of the configuration, or its values do not go together; the message says what is wrong. Nothing is
    /// written.
    /// </exception>
    /// <exception cref="IOException">
    /// A file could not be written, and an old one stays as it was; or another process is writing to the folder.
    /// </exception>
    public static void Save(string folder, NetworkConfig config, nn.Module<Tensor, Tensor> network)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(network);
        config.EnsureFits();
        if (ModelFit.Fault(config, network) is { } fault)
        {
            throw new ArgumentException(
                $"The network is not the {config.Architecture} that the configuration describes: {fault}.", nameof(network));
        }

        Directory.CreateDirectory(folder);
        using RunLock? hold = RunLock.TakeUnlessHeld(folder);

        // The configuration last: a folder that has one has the weights too.
        SafetensorsFile.Write(WeightsPath(folder), network.state_dict());
        SaveConfig(folder, config);
    }

    /// <summary>Saves only the configuration, as a training run does at its beginning.</summary>
    /// <exception cref="ArgumentException">Its values do not go together.</exception>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public static void SaveConfig(string folder, NetworkConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        AtomicFile.WriteText(ConfigPath(folder), config.ToJson() + "\n");
    }

    /// <summary>Reads a configuration.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <returns>A <see cref="ModelConfig"/> of an implicit network, a <see cref="FlowModelConfig"/> of one with a flow.</returns>
    /// <exception cref="ModelFileException">The file is missing, is not JSON or lacks a member, or a value is out of its range.</exception>
    public static NetworkConfig LoadConfig(string folder)
    {
        string path = ConfigPath(folder);
        try
        {
            if (new FileInfo(path).Length > LargestConfig)
            {
                throw new ModelFileException(path, $"it is larger than {LargestConfig} bytes; this is no model configuration.");
            }

            return ConfigReader.Parse(File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new ModelFileException(path, JsonShape.Line(exception), exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string problem = exception is FileNotFoundException or DirectoryNotFoundException
                ? "there is no such file; a model folder holds config.json and model.safetensors."
                : exception.Message;
            throw new ModelFileException(path, problem, exception);
        }
    }

    /// <summary>Builds the implicit network of a folder and reads its weights, in evaluation mode.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <returns>The network and its configuration. The caller owns the network.</returns>
    /// <exception cref="ModelFileException">The configuration cannot be used, or is of a network with a flow.</exception>
    /// <exception cref="WeightsFileException">The weights are missing, damaged, not finite, or not those of such a network.</exception>
    public static (ImplicitNetwork Network, ModelConfig Config) Load(string folder)
    {
        ModelConfig config = ConfigOf<ModelConfig>(folder, nameof(LoadFlow));
        return (LoadNetwork(folder, config), config);
    }

    /// <summary>Builds the network of a folder that has a flow in it and reads its weights, in evaluation mode.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <returns>The network and its configuration. The caller owns the network.</returns>
    /// <exception cref="ModelFileException">The configuration cannot be used, or is of an implicit network.</exception>
    /// <exception cref="WeightsFileException">The weights are missing, damaged, not finite, or not those of such a network.</exception>
    public static (FlowModel Network, FlowModelConfig Config) LoadFlow(string folder)
    {
        FlowModelConfig config = ConfigOf<FlowModelConfig>(folder, nameof(Load));
        return (LoadNetwork(folder, config), config);
    }

    /// <inheritdoc cref="LoadNetwork(string, NetworkConfig)"/>
    public static ImplicitNetwork LoadNetwork(string folder, ModelConfig config) =>
        (ImplicitNetwork)LoadNetwork(folder, (NetworkConfig)config);

    /// <inheritdoc cref="LoadNetwork(string, NetworkConfig)"/>
    public static FlowModel LoadNetwork(string folder, FlowModelConfig config) => (FlowModel)LoadNetwork(folder, (NetworkConfig)config);

    /// <summary>Builds a network and reads a folder's weights into it, in evaluation mode.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="config">
    /// The description of the network: the configuration of the folder, possibly with another gamma, tolerance or step limit.
    /// </param>
    /// <returns>The network. The caller owns it.</returns>
    /// <exception cref="WeightsFileException">The weights are missing, damaged, not finite, or not those of such a network.</exception>
    public static nn.Module<Tensor, Tensor> LoadNetwork(string folder, NetworkConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        string path = WeightsPath(folder);
        using SafetensorsFile weights = SafetensorsFile.Read(path);
        weights.EnsureFinite(path);
        nn.Module<Tensor, Tensor> network = NetworkWeights.Build(config, weights.Tensors, path, "config.json");
        try
        {
            NamedTensors.Fill(network.state_dict(), weights.Tensors, path, "config.json", weights.PassedOver);
            network.eval();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static TConfig ConfigOf<TConfig>(string folder, string other)
        where TConfig : NetworkConfig
    {
        NetworkConfig config = LoadConfig(folder);
        return config as TConfig ?? throw new ModelFileException(
            ConfigPath(folder), $"it is of a network of another kind, {config.Architecture}: {nameof(ModelFolder)}.{other} reads it.");
    }
}
