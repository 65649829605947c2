using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models.Flows;
using ImplicitNet.Training.Data;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>evaluate, for a network with a flow.</summary>
internal sealed class EvaluateFlow(Terminal terminal, CancellationToken cancellation)
{
    /// <summary>Evaluates.</summary>
    /// <param name="folder">The model's.</param>
    /// <param name="config">The model's, perhaps with other tolerances.</param>
    /// <param name="split">Which part of the data.</param>
    /// <param name="data">Other data than those it was trained on; null for those.</param>
    /// <param name="deviceName">Where to compute; null for the processor.</param>
    /// <param name="threads">How many; null for one a core.</param>
    /// <exception cref="CommandException">The model does not take the data.</exception>
    public FlowTrainingResult Run(string folder, FlowModelConfig config, string split, string? data, string? deviceName, int? threads)
    {
        RunSettings settings = Settings(folder, config, data);
        terminal.Tell($"[bold]{Markup.Escape(folder)}[/] on {Markup.Escape(FlowData.Short(settings.Data))}, {split}");
        bool isTable = FlowData.FileOf(settings.Data) is not null;
        FlowSubject? subject = isTable == config.Network is SeriesForecasterOptions
            ? FlowSubject.Load(settings, config.Network as SeriesForecasterOptions)
            : null;
        if (subject is null)
        {
            throw new CommandException(
                $"{folder}: the network there is for {(isTable ? "points" : "tables")} and does not take {FlowData.Short(settings.Data)}.",
                ExitCodes.Usage);
        }

        if (subject.Network is NeuralOdeOptions asked && config.Network is NeuralOdeOptions own && Sizes(asked) != Sizes(own))
        {
            throw new CommandException(
                $"{folder}: the network there has {Sizes(own)}; {settings.Data} needs one with {Sizes(asked)}.", ExitCodes.Usage);
        }

        Device device = DeviceChoice.Open(deviceName ?? DeviceChoice.Processor);
        int used = DeviceChoice.SetThreads(threads, terminal);
        using FlowModel network = FlowModelFolder.LoadNetwork(folder, config);
        network.to(device);
        IndexedBatches source = subject.Part(split);
        if (FlowSubject.LeftOut(source, split) is { } left)
        {
            terminal.Tell($"  [yellow]{Markup.Escape(left)}[/]");
        }

        FlowTrainingResult result = FlowEvaluation.Run(network, subject.Task, source, cancellation) with
        {
            Split = split,
            Data = settings.Data,
            Network = config.Network.Zeros == 0 ? FlowNetworkChoice.Plain : FlowNetworkChoice.Augmented,
            Threads = used,
            Device = device.type.ToString().ToLowerInvariant(),
            Model = folder,
        };
        FlowEvaluation.Show(terminal, result, RunKinds.Of(settings.Data).Samples(settings.Data));
        return result;
    }

    private static string Sizes(NeuralOdeOptions network) => FormattableString.Invariant(
        $"{network.Inputs} in and {(network.Outputs == 0 ? network.Inputs : network.Outputs)} out");

    private static RunSettings Settings(string folder, FlowModelConfig config, string? data)
    {
        string name = data ?? config.Data;
        if (!FlowData.IsMeant(name))
        {
            throw new CommandException(data is null
                ? $"{folder}: the model was trained on '{name}', which has no name here; name some of "
                    + $"{string.Join(", ", FlowData.Names)} by --data."
                : $"--data {data}: {folder} is a model for {FlowKind.Flows}, as {config.Data}.", ExitCodes.Usage);
        }

        RunSettings? stored = File.Exists(RunSettingsFile.PathIn(folder)) ? RunSettingsFile.Read(folder) : null;
        return stored?.Data == name ? stored : RunKinds.DefaultsFor(name);
    }
}
