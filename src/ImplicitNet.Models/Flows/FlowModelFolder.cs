using System.Text.Json;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// A saved network with a flow: a folder with <c>config.json</c> and <c>model.safetensors</c>, as <see cref="ModelFolder"/> has them for
/// implicit networks.
/// </summary>
public static class FlowModelFolder
{
    private const long LargestConfig = 1 << 20;
    private const double Tolerance = 1e-3;

    /// <summary>Whether a folder's configuration is of a network with a flow.</summary>
    /// <param name="folder">The model's folder; false where it has no configuration.</param>
    public static bool IsOne(string folder)
    {
        FileInfo file = new(ModelFolder.ConfigPath(folder));
        return file.Exists && file.Length <= LargestConfig && FlowConfigFile.IsMeant(File.ReadAllText(file.FullName));
    }

    /// <summary>Saves a network and its configuration, each file whole or not at all.</summary>
    /// <param name="folder">The folder; created if it does not exist.</param>
    /// <param name="config">The description of the network.</param>
    /// <param name="network">The network, whose weights must be finite; the caller keeps it.</param>
    /// <exception cref="ArgumentException">
    /// The network is not the one of the configuration, or the configuration does not go together. Nothing is written.
    /// </exception>
    /// <exception cref="IOException">
    /// A file could not be written, and an old one stays as it was; or another process is writing to the folder.
    /// </exception>
    public static void Save(string folder, FlowModelConfig config, FlowModel network)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(network);
        if (Fault(config, network) is { } fault)
        {
            throw new ArgumentException(
                $"The network is not the {config.Network.Architecture} that the configuration describes: {fault}.", nameof(network));
        }

        Directory.CreateDirectory(folder);
        using RunLock? hold = RunLock.TakeUnlessHeld(folder);

        // The configuration last: a folder that has one has the weights too.
        SafetensorsFile.Write(ModelFolder.WeightsPath(folder), network.state_dict());
        SaveConfig(folder, config);
    }

    /// <summary>Saves only the configuration, as a training run does at its beginning.</summary>
    /// <exception cref="ArgumentException">Its values do not go together.</exception>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public static void SaveConfig(string folder, FlowModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        AtomicFile.WriteText(ModelFolder.ConfigPath(folder), FlowConfigFile.Write(config) + "\n");
    }

    /// <summary>Reads a configuration.</summary>
    /// <exception cref="ModelFileException">The file is missing, is not JSON or lacks a member, or a value is out of its range.</exception>
    public static FlowModelConfig LoadConfig(string folder)
    {
        string path = ModelFolder.ConfigPath(folder);
        try
        {
            if (new FileInfo(path).Length > LargestConfig)
            {
                throw new ModelFileException(path, $"it is larger than {LargestConfig} bytes; this is no model configuration.");
            }

            return FlowConfigFile.Parse(File.ReadAllText(path));
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
    public static (FlowModel Network, FlowModelConfig Config) Load(string folder)
    {
        FlowModelConfig config = LoadConfig(folder);
        return (LoadNetwork(folder, config), config);
    }

    /// <summary>Builds a network and reads a folder's weights into it, in evaluation mode.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="config">That of the folder, possibly with other tolerances or another step limit.</param>
    /// <returns>The network. The caller owns it.</returns>
    /// <exception cref="WeightsFileException">The weights are missing, damaged, not finite, or not those of such a network.</exception>
    public static FlowModel LoadNetwork(string folder, FlowModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        string path = ModelFolder.WeightsPath(folder);
        using SafetensorsFile weights = SafetensorsFile.Read(path);
        weights.EnsureFinite(path);
        FlowModel network = config.CreateNetwork();
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

    private static string? Fault(FlowModelConfig config, FlowModel network)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor random = RandomState.Get();
        using FlowModel described = config.CreateNetwork();
        RandomState.Set(random);
        Dictionary<string, Tensor> weights = network.state_dict();
        if (NamedTensors.Faults(described.state_dict(), weights) is { } faults)
        {
            return $"its tensors are not those of the configuration: {faults}";
        }

        if (weights.FirstOrDefault(weight => !weight.Value.isfinite().all().item<bool>()).Key is { } broken)
        {
            return $"its tensor '{broken}' is not finite";
        }

        Tensor one = weights.Values.First(weight => weight.is_floating_point());
        described.to(one.dtype).to(one.device);
        foreach ((string name, Tensor target) in described.state_dict())
        {
            target.copy_(weights[name]);
        }

        Tensor input = config.Network.TrialInput(one);
        try
        {
            return AreAlike(described.call(input), network.call(input))
                ? null
                : "it computes something else than the configuration's with the same weights";
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return $"it cannot answer what the configuration's can: {exception.Message}";
        }
    }

    private static bool AreAlike(Tensor expected, Tensor actual) => expected.shape.AsSpan().SequenceEqual(actual.shape)
        && ((expected - actual).norm() <= (Tolerance * (1 + expected.norm()))).item<bool>();
}
