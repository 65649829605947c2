using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>
/// A kind of data for implicit networks, those networks, and what a person is told of them. One object for all runs of a kind; what one run
/// is about is its <see cref="RunSubject"/>.
/// </summary>
internal abstract class FixedPointKind : RunKind
{
    /// <summary>Every setting that names no other kind.</summary>
    public sealed override bool Takes(RunSetting setting) =>
        setting.Flag.Only is not { } names || names.Contains(Name, StringComparison.Ordinal);

    /// <summary>Whether a network is for this kind of data.</summary>
    public abstract bool Fits(NetworkOptions network);

    /// <summary>What is trained: "implicit classifier", "explicit twin".</summary>
    public abstract string Model(RunSettings settings);

    /// <summary>The network, for headings.</summary>
    public abstract string Network(RunSettings settings);

    /// <summary>How a network is solved, for headings: "contraction factor 0.5, tolerance 0.001".</summary>
    public abstract string Solve(RunSettings settings);

    /// <summary>A model's network, for headings.</summary>
    public abstract string Network(ModelConfig config);

    /// <summary>What is measured.</summary>
    public abstract TrainingTask Task { get; }

    /// <summary>Draws or reads what a run is trained and tested on.</summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    /// <exception cref="CommandException">The settings ask for more than there is.</exception>
    public abstract RunSubject Load(RunSettings settings, Terminal terminal, CancellationToken cancellation);

    /// <summary>Data to try a model on.</summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">Which data: those of <c>ModelSettings</c>.</param>
    /// <param name="split">Which part of them.</param>
    /// <param name="count">How many samples at most, from the first; null for what is usual.</param>
    /// <param name="batchSize">Samples in a batch; null for as many as there are.</param>
    /// <param name="device">Where they are used.</param>
    /// <param name="terminal">Where it is told.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="CommandException">The model does not take them.</exception>
    public abstract IndexedBatches Source(
        SavedModel model, RunSettings settings, string split, int? count, int? batchSize, Device device, Terminal terminal,
        CancellationToken cancellation);

    /// <summary>Samples in a batch of an evaluation, where nobody says otherwise.</summary>
    public abstract int BatchOf(string data);

    /// <summary>Ways to turn data round that turn their answers round with them, the first of which leaves them as they are.</summary>
    public abstract IReadOnlyList<SquareSymmetry> Symmetries(string data);

    /// <summary>The step limit of a model's solves on data: on those that it was trained on its own.</summary>
    public abstract int StepLimit(ModelConfig model, string data);
}
