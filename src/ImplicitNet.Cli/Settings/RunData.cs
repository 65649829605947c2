using ImplicitNet.Cli.Screens;
using ImplicitNet.Files;
using ImplicitNet.Training.Data;
using Spectre.Console;

namespace ImplicitNet.Cli.Settings;

/// <summary>The data of a run.</summary>
/// <remarks>
/// Which images are held out, and what is drawn, depends on no seed of a run: runs with several seeds have the same data.
/// </remarks>
internal static class RunData
{
    private const long SplitSeed = 1;
    private const int UsualEllipses = 4_000;
    private const int UsualTestEllipses = 200;

    /// <summary>Draws or reads the data that the settings name.</summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    /// <exception cref="CommandException">The settings ask for more images than there are.</exception>
    public static LoadedData Load(RunSettings settings, Terminal terminal, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return DataChoice.Definition(settings.Data) is { } definition ? Read(definition, settings, terminal, cancellation)
            : settings.Data == DataChoice.Ellipses ? DrawEllipses(settings)
            : Draw(settings);
    }

    private static LoadedData DrawEllipses(RunSettings settings)
    {
        DataSplits splits = new(
            Ellipses.Draw(settings.Images ?? UsualEllipses),
            Ellipses.Draw(settings.Validation, part: DataPart.Validation),
            Ellipses.Draw(settings.TestImages ?? UsualTestEllipses, part: DataPart.Test));
        return new LoadedData(splits, PixelNormalization.Of(splits.Train));
    }

    private static LoadedData Draw(RunSettings settings)
    {
        StrokeDigitsOptions options = new() { ValidationCount = settings.Validation };
        options = options with { TrainCount = settings.Images ?? options.TrainCount, TestCount = settings.TestImages ?? options.TestCount };
        DataSplits splits = StrokeDigits.Generate(options);
        return new LoadedData(splits, PixelNormalization.Of(splits.Train));
    }

    private static LoadedData Read(DatasetDefinition definition, RunSettings settings, Terminal terminal, CancellationToken cancellation)
    {
        DatasetSource source = new(definition) { DataDirectory = settings.DataDir };
        TrainTest parts = source.LoadAsync(new DownloadLines(terminal), cancellation).GetAwaiter().GetResult();
        foreach (string remark in parts.Remarks)
        {
            terminal.Tell($"[yellow]{Markup.Escape(remark)}[/]");
        }

        if (settings.Validation >= parts.Train.Count)
        {
            throw new CommandException($"{Display.Count(settings.Validation)} images cannot be held out "
                + $"(--validation {settings.Validation}): {parts.Train.Name} has {Display.Count(parts.Train.Count)} images, "
                + $"and one at least must be left to train on.");
        }

        DataSplits splits = DataSplits.HoldOut(parts.Train, parts.Test, settings.Validation, SplitSeed);
        splits = new DataSplits(
            First(splits.Train, settings.Images, "--images"), splits.Validation, First(splits.Test, settings.TestImages, "--test-images"));
        return new LoadedData(splits, definition.Normalization) { Remarks = parts.Remarks };
    }

    private static ImageDataset First(ImageDataset dataset, int? count, string option) => count switch
    {
        null => dataset,
        { } number when number <= dataset.Count => dataset.Slice(0, number),
        _ => throw new CommandException($"{option} {count}: {dataset.Name} has {Display.Count(dataset.Count)} images."),
    };

    /// <summary>One line for each file fetched.</summary>
    private sealed class DownloadLines(Terminal terminal) : IProgress<DownloadProgress>
    {
        private string _last = "";

        public void Report(DownloadProgress value)
        {
            string line = $"downloading {value.FileName} from {value.Source.Host}";
            if (line != _last)
            {
                _last = line;
                terminal.Tell($"[grey]{line}[/]");
            }
        }
    }
}
