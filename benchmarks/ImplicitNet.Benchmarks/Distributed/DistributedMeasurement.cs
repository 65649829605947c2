using System.Globalization;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Benchmarks.Distributed;

/// <summary>What a step of training took on the ranks that a launcher started, or in one process: medians of rounds, in seconds.</summary>
/// <param name="Ranks">How many.</param>
/// <param name="Threads">Of each.</param>
/// <param name="Samples">Of each, in a step.</param>
/// <param name="Step">All of it, data included.</param>
/// <param name="Computing">Forward, backward and optimiser.</param>
/// <param name="Waiting">Of the first rank: summing with the others, and waiting for them.</param>
internal sealed record DistributedMeasurement(int Ranks, int Threads, int Samples, double Step, double Computing, double Waiting)
{
    // Of digits that can be drawn.
    private const int Fewest = 10;

    /// <summary>Trains the usual classifier on drawn digits.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="samples">Samples of each in a step.</param>
    /// <param name="steps">Steps of a round.</param>
    /// <param name="rounds">Rounds, of which some do not count.</param>
    public static DistributedMeasurement Run(Collective ranks, int samples, int steps, Rounds rounds)
    {
        int batch = samples * ranks.Size;
        DataSplits digits = StrokeDigits.Generate(
            new StrokeDigitsOptions { TrainCount = Math.Max(Fewest, batch * steps), ValidationCount = Fewest, TestCount = Fewest });
        using ImplicitNetwork network = DigitClassifier.Create();
        ImageBatches train = new(
            digits.Train, new BatchOptions { BatchSize = batch, Normalization = PixelNormalization.Of(digits.Train) });
        List<EpochRecord> records = [];
        using Trainer trainer = new(
            network, new Classification(), train, options: new TrainingOptions { Epochs = rounds.WarmUp + rounds.Counted })
        {
            Collective = ranks,
            OnEvent = happened =>
            {
                if (happened is TrainingEvent.EpochFinished finished)
                {
                    records.Add(finished.Record);
                }
            },
        };
        trainer.Run();
        EpochRecord[] counted = [.. records.Skip(rounds.WarmUp)];
        double Median(Func<EpochRecord, double> seconds) =>
            counted.Select(seconds).Order().ElementAt(counted.Length / 2) / steps;
        return new(
            ranks.Size, TorchSharp.torch.get_num_threads(), samples,
            Median(record => record.Seconds!.Value), Median(record => Computed(record.Times!.Value)),
            Median(record => record.Times!.Value.Wait));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Display.Counted(Ranks, "rank")} of {Display.Counted(Threads, "thread")}, {Samples} samples on each: "
            + $"a step of {1e3 * Step:0.00} ms, computing {1e3 * Computing:0.00} ms, summing and waiting {1e3 * Waiting:0.00} ms "
            + $"({100 * Waiting / Step:0.0} %)");

    private static double Computed(EpochTimes times) => times.Forward + times.Backward + times.Optimizer;
}
