using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Texts, of which the next character is predicted at every place.</summary>
internal sealed class TextKind : RunKind
{
    /// <summary>Its name.</summary>
    public const string Texts = "texts";

    /// <summary>Windows in a batch that is evaluated on; losses do not depend on it.</summary>
    public const int EvaluationBatch = 32;

    // So many channels inside the feed-forward part for each outside, where nobody says otherwise (Vaswani et al., 2017).
    private const int FeedForwardShare = 4;

    public override string Name => Texts;

    public override bool Has(string data) => TextData.IsMeant(data);

    public override bool Fits(NetworkOptions network) => network is TextModelOptions;

    /// <summary>
    /// JFB does not see what the latent of a character is worth to the characters behind it; two terms more do.
    /// </summary>
    public const string UsualGradient = "neumann:2";

    public override RunSettings DefaultsFor(string data, bool isPublished = false) => new()
    {
        Data = data,
        Gradient = UsualGradient,
        Published = isPublished,
        Epochs = 12,
        Validation = 500,
        Batch = 32,
        LearningRate = 2e-3,
        Warmup = 100,
        WeightDecay = 0.01,
        ClipNorm = 1,
        Tolerance = 1e-3,
        TrainTolerance = 1e-2,
        MaxSteps = 50,
    };

    public override string? Problem(RunSettings settings) => settings switch
    {
        { Explicit: true, Untied: { } copies } => $"untied {copies}: that is the explicit twin with more layers; leave out --explicit.",
        { Gradient: not GradientChoice.Default } when settings.IsExplicit =>
            $"gradient {settings.Gradient}: an explicit twin has no fixed point; plain backpropagation is its exact gradient.",
        _ => SizeProblem(settings),
    };

    public override bool Takes(RunSetting setting) =>
        setting.Property != nameof(RunSettings.Validation) && base.Takes(setting);

    public override string? Refusal(string data, RunSetting setting) => setting.Property == nameof(RunSettings.Validation)
        ? "of a text a share is held out, --held-out; leave it out."
        : null;

    public override string Short(string data) => TextData.Short(data);

    public override string Samples(string data) => "windows";

    public override string Model(RunSettings settings) => settings.IsExplicit ? "explicit twin" : "implicit text model";

    public override string Network(RunSettings settings) => Words(Options(settings)) + (settings.Untied is { } copies
        ? $", explicit twin of {Display.Counted(copies, "layer")}"
        : settings.Explicit ? ", explicit twin of 1 layer" : "");

    public override string Network(NetworkConfig config) =>
        $"{Words((TextModelOptions)config.Options)}, {Display.Count(((TextModelOptions)config.Options).CharacterCount)} characters";

    public override string Solve(RunSettings settings) => $"tolerance {settings.ToleranceWords}, {settings.MaxSteps} steps at most"
        + (settings.TrainSteps is { } steps ? $", in training {(settings.RandomSteps ? "1 to " : "")}{steps}" : "");

    public override TrainingTask Task(RunSettings settings) => new NextToken();

    public override (string Value, string Note) Score(string data, string name, double value) =>
        (Display.Percent(value), "of the characters predicted right");

    public override RunSubject Load(RunSettings settings, Terminal terminal, CancellationToken cancellation)
    {
        TextParts parts = TextParts.Of(settings, TextParts.Read(settings.Data));
        return new TextSubject(settings, parts, Options(settings, parts.Train.Vocabulary.Characters), Task(settings));
    }

    public override IndexedBatches Source(
        SavedModel model, RunSettings settings, string split, int? count, int? batchSize, Device device, Terminal terminal,
        CancellationToken cancellation)
    {
        TextModelOptions network = (TextModelOptions)model.Config.Options;
        TextBatches text = TextParts.Read(settings.Data, network);
        TextBatches part = settings.Data == model.Config.Data ? TextParts.Of(settings with { Length = network.Length }, text).Named(split)
            : split == SplitChoice.Test ? text
            : throw new CommandException(
                $"--split {split}: {text.Name} is not the text that {model.Folder} was trained on, and is taken whole. Leave it out.",
                ExitCodes.Usage);
        int windows = Math.Min(count ?? part.Count, part.Count);
        return part.FirstWindows(windows, batchSize ?? windows);
    }

    public override int BatchOf(string data) => EvaluationBatch;

    /// <summary>The network of a run, for the characters of its text; without them for the smallest.</summary>
    private static TextModelOptions Options(RunSettings settings, string characters = "01")
    {
        TextModelOptions options = new() { Characters = characters };
        int channels = settings.Channels ?? options.Channels;
        return options with
        {
            Channels = channels,
            Heads = settings.Heads ?? options.Heads,
            FeedForward = settings.FeedForward ?? (FeedForwardShare * channels),
            Length = settings.Length ?? options.Length,
            Published = settings.Published,
            Explicit = settings.IsExplicit,
            ExplicitLayers = settings.Untied ?? 1,
        };
    }

    private static string? SizeProblem(RunSettings settings)
    {
        try
        {
            TextModelOptions options = Options(settings);
            options.EnsureFits();
            options.EnsureSize();
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return $"{(settings.Heads is { } heads ? $"heads {heads}" : $"channels {settings.Channels}")}: {JsonShape.Line(exception)}";
        }
    }

    private static string Words(TextModelOptions network) =>
        $"{network.Architecture}, {Display.Counted(network.Channels, "channel")}, {Display.Counted(network.Heads, "head")}, "
            + $"windows of {Display.Counted(network.Length, "character")}" + (network.Published ? ", published form" : "");
}
