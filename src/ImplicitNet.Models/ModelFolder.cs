using System.Text.Json;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Networks;

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
    /// <param name="config">The description of the network, and how it is solved; the network's own settings are ignored.</param>
    /// <param name="network">The network, whose weights must be finite; the caller keeps it.</param>
    /// <exception cref="ArgumentException">
    /// The network is not the one of the configuration; the message says what differs. Nothing is written.
    /// </exception>
    /// <exception cref="IOException">
    /// A file could not be written, and an old one stays as it was; or another process is writing to the folder.
    /// </exception>
    public static void Save(string folder, ModelConfig config, ImplicitNetwork network)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(network);
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
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public static void SaveConfig(string folder, ModelConfig config) =>
        AtomicFile.WriteText(ConfigPath(folder), config.ToJson() + "\n");

    /// <summary>Reads a configuration.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <exception cref="ModelFileException">The file is missing, is not JSON or lacks a member, or a value is out of its range.</exception>
    public static ModelConfig LoadConfig(string folder)
    {
        string path = ConfigPath(folder);
        try
        {
            if (new FileInfo(path).Length > LargestConfig)
            {
                throw new ModelFileException(path, $"it is larger than {LargestConfig} bytes; this is no model configuration.");
            }

            return ModelConfigFile.Parse(File.ReadAllText(path));
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

    /// <summary>Builds the network of a folder and reads its weights, in evaluation mode.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <returns>The network and its configuration. The caller owns the network.</returns>
    /// <exception cref="ModelFileException">The configuration cannot be used.</exception>
    /// <exception cref="WeightsFileException">The weights are missing, damaged, not finite, or not those of such a network.</exception>
    public static (ImplicitNetwork Network, ModelConfig Config) Load(string folder)
    {
        ModelConfig config = LoadConfig(folder);
        return (LoadNetwork(folder, config), config);
    }

    /// <summary>Builds a network and reads a folder's weights into it, in evaluation mode.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="config">
    /// The description of the network: the configuration of the folder, possibly with another gamma, tolerance or step limit.
    /// </param>
    /// <returns>The network. The caller owns it.</returns>
    /// <exception cref="WeightsFileException">The weights are missing, damaged, not finite, or not those of such a network.</exception>
    public static ImplicitNetwork LoadNetwork(string folder, ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        string path = WeightsPath(folder);
        using SafetensorsFile weights = SafetensorsFile.Read(path);
        weights.EnsureFinite(path);
        ImplicitNetwork network = NetworkWeights.Build(config, weights.Tensors, path, "config.json");
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
}
