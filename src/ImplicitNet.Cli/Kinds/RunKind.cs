using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>
/// What runs can be about: data of one kind, the networks for them, and what a person is told of them. One object for all runs of a kind;
/// what one run is about is its <see cref="RunSubject"/>.
/// </summary>
internal abstract class RunKind
{
    /// <summary>In the plural, for messages; options that are for this kind alone name it.</summary>
    public abstract string Name { get; }

    /// <summary>Whether data of this name are of this kind.</summary>
    public abstract bool Has(string data);

    /// <summary>Whether a network is for this kind of data.</summary>
    public abstract bool Fits(NetworkOptions network);

    /// <summary>Whether a task of this name is what its runs are about; default: classification, also of what has no other task.</summary>
    public virtual bool Does(string task) => task == TaskChoice.Classification;

    /// <summary>Whether a network of this name is one of those that are trained on the data; other kinds may have the same data.</summary>
    public virtual bool Trains(string network) => true;

    /// <summary>Whether splittings solve the networks; default false.</summary>
    public virtual bool IsMonotone => false;

    /// <summary>Whether the networks follow flows and find no fixed points; default false.</summary>
    public virtual bool IsOfFlows => false;

    /// <summary>What a run does that is told no more than its data.</summary>
    public abstract RunSettings DefaultsFor(string data, bool isPublished = false);

    /// <summary>What is wrong with settings, behind two dashes; null when nothing is.</summary>
    public abstract string? Problem(RunSettings settings);

    /// <summary>Whether runs of this kind have a setting; default: those that name no other kind.</summary>
    public virtual bool Takes(RunSetting setting) =>
        setting.Flag.Only is not { } names || names.Contains(Name, StringComparison.Ordinal);

    /// <summary>Why an option that runs of this kind have makes no sense for some of its data; null where it does.</summary>
    public virtual string? Refusal(string data, RunSetting setting) => null;

    /// <summary>A name of data, for headings and folders.</summary>
    public virtual string Short(string data) => data;

    /// <summary>What samples are called, in the plural.</summary>
    public abstract string Samples(string data);

    /// <summary>What is trained: "implicit classifier", "explicit twin".</summary>
    public abstract string Model(RunSettings settings);

    /// <summary>How it is differentiated, behind "by".</summary>
    public virtual string Gradient(RunSettings settings) => settings.IsExplicit
        ? "plain backpropagation"
        : GradientChoice.Parse(settings.Gradient).Words;

    /// <summary>The network, for headings.</summary>
    public abstract string Network(RunSettings settings);

    /// <summary>How a network is solved, for headings: "contraction factor 0.5, tolerance 0.001".</summary>
    public abstract string Solve(RunSettings settings);

    /// <summary>A model's network, for headings.</summary>
    public abstract string Network(NetworkConfig config);

    /// <summary>What is measured.</summary>
    public abstract TrainingTask Task(RunSettings settings);

    /// <summary>A score beside accuracy and loss, for the screen: its value, and what it is.</summary>
    public virtual (string Value, string Note) Score(string data, string name, double value) =>
        (Display.Percent(value), "right on average");

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
    public virtual IReadOnlyList<SquareSymmetry> Symmetries(string data) => [default];

    /// <summary>The step limit of a model's solves on data: on those that it was trained on its own.</summary>
    public virtual int StepLimit(NetworkConfig model, string data) => model.MaxSteps;
}
