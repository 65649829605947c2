using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Kinds;

/// <summary>
/// A text in its parts: what is trained on, and the end of it, which is held out. The first half of that chooses the weights, the second
/// half is tested on.
/// </summary>
/// <param name="Train">What is trained on.</param>
/// <param name="HeldOut">All that is not.</param>
/// <param name="Chooses">Its first half.</param>
/// <param name="Tests">Its second half.</param>
internal sealed record TextParts(TextBatches Train, TextBatches HeldOut, TextBatches Chooses, TextBatches Tests)
{
    private const double UsualShare = 0.1;

    // config.json holds them all, and has at most a megabyte.
    private const int MostCharacters = 1 << 16;

    /// <summary>Reads a text, in windows of one batch.</summary>
    /// <param name="data">Its name.</param>
    /// <param name="model">Whose characters and windows are taken; null: the characters of the text.</param>
    /// <exception cref="DataFileException">The file is missing, or no text.</exception>
    /// <exception cref="CommandException">Nothing can be learned of it, or the model does not know a character.</exception>
    public static TextBatches Read(string data, TextModelOptions? model = null)
    {
        string file = TextData.FileOf(data)!;
        string text = TextFile.Read(file);
        try
        {
            return BatchSource.FromText(
                text, model?.Length ?? 1, vocabulary: model is null ? Learnable(text, file) : Vocabulary.Of(model.Characters),
                batchSize: TextKind.EvaluationBatch, name: Path.GetFileName(file));
        }
        catch (ArgumentException exception)
        {
            throw new CommandException($"{file}: {JsonShape.Line(exception)}", innerException: exception);
        }
    }

    /// <summary>The parts of a text.</summary>
    /// <exception cref="CommandException">One would be shorter than a window.</exception>
    public static TextParts Of(RunSettings settings, TextBatches text)
    {
        int length = settings.Length ?? new TextModelOptions { Characters = "01" }.Length, all = text.Characters;
        int heldOut = (int)Math.Round(all * (settings.HeldOut ?? UsualShare), MidpointRounding.AwayFromZero), half = heldOut / 2;
        if (Math.Min(half, all - heldOut) <= length)
        {
            throw new CommandException(
                $"{TextData.FileOf(settings.Data)} has {Display.Counted(all, "character")}, of which {Display.Count(heldOut)} are held out "
                + $"(--held-out), half of them to choose the weights by: too few for windows of {length} (--length) and one more.");
        }

        TextBatches own = text.InWindowsOf(length);
        return new TextParts(
            own.Part(..^heldOut, "but its end", settings.Batch, settings.Seed, isMoved: true),
            own.Part(^heldOut.., "its end"),
            own.Part(^heldOut..^(heldOut - half), "the first half of its end"),
            own.Part(^(heldOut - half).., "the second half of its end"));
    }

    /// <summary>What evaluate calls a part.</summary>
    public TextBatches Named(string split) => split switch
    {
        SplitChoice.Train => Train,
        SplitChoice.Validation => HeldOut,
        _ => Tests,
    };

    private static Vocabulary Learnable(string text, string file) => Vocabulary.Of(text) switch
    {
        { Count: 1 } => throw new CommandException($"{file}: all its characters are the same, and nothing can be learned of it."),
        { Count: > MostCharacters and var many } => throw new CommandException(
            $"{file} has {Display.Count(many)} different characters; a text model knows {Display.Count(MostCharacters)} at most."),
        var vocabulary => vocabulary,
    };
}
