using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

public sealed class TrainerTests : TensorTest
{
    private static readonly DataSplits Data = StrokeDigits.Generate(new StrokeDigitsOptions { TrainCount = 150, ValidationCount = 50, TestCount = 10 });

    private static readonly TrainingOptions Options = new() { Epochs = 3, CheckpointSteps = 2, LogSteps = 1, ClipNorm = 1, WarmupSteps = 3, WeightDecay = 0.01 };

    [Fact]
    public void The_defaults_are_pinned()
    {
        TrainingOptions options = new();
        Assert.Equal(
            (10, 3e-3, new CosineSchedule(), 0, 0.0, null, null, null, 500, 50),
            (options.Epochs, options.LearningRate, options.Schedule, options.WarmupSteps, options.WeightDecay, options.ClipNorm, options.AverageDecay, options.WarmStart, options.CheckpointSteps, options.LogSteps));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_run_cancelled_at_any_step_and_resumed_ends_with_the_same_bits(bool average, bool warmStart)
    {
        TrainingOptions options = Options with
        {
            AverageDecay = average ? 0.9 : null,
            WarmStart = warmStart ? new LatentCacheOptions { MaxBytes = 100 * 32 * 81 * 4 } : null,
        };
        using TemporaryFolder whole = new();
        Outcome expected = Train(whole.Path, options, stopAfter: []);
        using TemporaryFolder parts = new();
        Outcome actual = Train(parts.Path, options, stopAfter: [1, 3, 1, 4, 2]);
        Assert.Equal(expected.Weights, actual.Weights);
        Assert.Equal(expected.Model, actual.Model);
        Assert.Equal(expected.Result.BestEpoch, actual.Result.BestEpoch);
        Assert.Equal(
            expected.Result.Epochs.Select(epoch => epoch with { Seconds = null, Times = null, PeakMemoryBytes = null }),
            actual.Result.Epochs.Select(epoch => epoch with { Seconds = null, Times = null, PeakMemoryBytes = null }));
        Assert.Equal(
            RunHistory.Read(Path.Combine(whole.Path, "history.jsonl")).Select(record => (record.Kind, record.Step)),
            RunHistory.Read(Path.Combine(parts.Path, "history.jsonl")).Select(record => (record.Kind, record.Step)));
    }

    [Fact]
    public void Warm_starts_find_every_sample_from_the_second_epoch_on_and_save_evaluations()
    {
        using DisposeScope scope = NewDisposeScope();
        long[] Evaluations(LatentCacheOptions? warmStart)
        {
            List<long> evaluations = [];
            using ImplicitNetwork network = Network(1);
            network.Stopping = network.Stopping with { RelativeTolerance = 1e-5 };
            BatchOptions batches = new() { Normalization = PixelNormalization.Of(Data.Train), BatchSize = 30 };
            TrainingOptions options = Options with { WarmStart = warmStart, LearningRate = 1e-4 };
            using Trainer trainer = new(network, new Classification(), new ImageBatches(Data.Train, batches), Source(Data.Validation, 1), options);
            trainer.Run(new Listener(happened => evaluations.AddRange(happened is TrainingEvent.EpochFinished epoch ? [epoch.Solver.Evaluations] : [])));
            Assert.Equal(warmStart is null ? (null, null) : (300, 150), (trainer.WarmStart?.Hits, trainer.WarmStart?.Misses));
            return [.. evaluations];
        }

        long[] cold = Evaluations(null);
        long[] warm = Evaluations(new LatentCacheOptions());
        Assert.Equal(cold[0], warm[0]);
        Assert.True(warm[2] < cold[2], $"{string.Join(", ", cold)} and {string.Join(", ", warm)}");
    }

    [Fact]
    public void Another_seed_gives_other_weights()
    {
        using TemporaryFolder first = new();
        using TemporaryFolder second = new();
        Assert.NotEqual(Train(first.Path, Options, stopAfter: []).Weights, Train(second.Path, Options, stopAfter: [], seed: 2).Weights);
    }

    [Fact]
    public void The_network_ends_with_the_weights_of_the_best_epoch_on_validation()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Network(1);
        ImageBatches validation = Source(Data.Validation, 1);
        using Trainer trainer = new(network, new Classification(), Source(Data.Train, 1), validation, Options with { LearningRate = 1e-2 });
        List<TrainingEvent> events = [];
        TrainingResult result = trainer.Run(new Listener(events.Add));
        Assert.True(result.IsComplete);
        Assert.Equal(result.Epochs.Max(epoch => epoch.ValidationAccuracy), result.ValidationAccuracy);
        Assert.Equal(result.ValidationAccuracy, ImplicitNet.Training.Evaluation.Evaluator.Evaluate(network, new Classification(), validation).Accuracy);
        Assert.Equal(15, events.OfType<TrainingEvent.StepFinished>().Count());
        Assert.Equal(3, events.OfType<TrainingEvent.EpochFinished>().Count());
        Assert.Empty(events.OfType<TrainingEvent.CheckpointWritten>());
        Assert.All(events.OfType<TrainingEvent.EpochFinished>(), epoch => Assert.InRange(epoch.GammaCertified!.Value, 0.45, 0.5));
        Assert.Equal(result.BestEpoch, events.OfType<TrainingEvent.EpochFinished>().Last(epoch => epoch.IsBest).Record.Epoch);
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_the_run_with_a_clear_error()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Network(1);
        using Trainer trainer = new(network, new Classification(), Source(Data.Train, 1), Source(Data.Validation, 1), Options);
        using (no_grad())
        {
            network.Readout.parameters().Last().fill_(double.NaN);
        }

        Assert.StartsWith("The loss is NaN at step 1 (epoch 1", Assert.Throws<TrainingDivergedException>(() => trainer.Run()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_another_run_is_refused_with_both_values()
    {
        using TemporaryFolder folder = new();
        Train(folder.Path, Options, stopAfter: []);
        using ImplicitNetwork network = Network(1);
        using Trainer trainer = new(network, new Classification(), Source(Data.Train, 1), Source(Data.Validation, 1), Options with { LearningRate = 0.5 }, new RunFolder(folder.Path));
        string message = Assert.Throws<WeightsFileException>(() => { trainer.Resume(); }).Message;
        Assert.Contains("training.LearningRate was 0.003 and is 0.5", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_another_network_is_refused_and_changes_nothing()
    {
        using TemporaryFolder folder = new();
        Train(folder.Path, Options, stopAfter: []);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { LatentChannels = 8 });
        network.OnFailure = new MaskFailures();
        byte[] before = Bytes(network);
        using Trainer trainer = new(network, new Classification(), Source(Data.Train, 1), Source(Data.Validation, 1), Options, new RunFolder(folder.Path));
        Assert.Contains("the run needs", Assert.Throws<WeightsFileException>(() => { trainer.Resume(); }).Message, StringComparison.Ordinal);
        Assert.Equal(before, Bytes(network));
    }

    [Fact]
    public void A_folder_that_another_process_writes_to_is_left_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using FileStream other = new(Path.Combine(folder.Path, "run.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        using ImplicitNetwork network = Network(1);
        using Trainer trainer = new(network, new Classification(), Source(Data.Train, 1), Source(Data.Validation, 1), Options, new RunFolder(folder.Path));
        Assert.Contains("is in use by", Assert.ThrowsAny<IOException>(() => trainer.Run()).Message, StringComparison.Ordinal);
        Assert.Equal(["run.lock"], folder.Names);
    }

    [Fact]
    public void Without_a_checkpoint_there_is_nothing_to_resume()
    {
        using TemporaryFolder folder = new();
        using ImplicitNetwork network = Network(1);
        using Trainer trainer = new(network, new Classification(), Source(Data.Train, 1), Source(Data.Validation, 1), Options, new RunFolder(folder.Path));
        Assert.False(trainer.Resume());
        using Trainer without = new(network, new Classification(), Source(Data.Train, 1), Source(Data.Validation, 1), Options);
        Assert.Throws<InvalidOperationException>(() => { without.Resume(); });
    }

    [Fact]
    public void Rates_warm_up_and_fall_with_the_cosine()
    {
        TrainingOptions options = new() { LearningRate = 1, WarmupSteps = 4 };
        Assert.Equal([0.25, 0.5, 0.75, 1, 1], Enumerable.Range(0, 5).Select(step => options.RateAt(step, 14)));
        Assert.Equal(0.5, options.RateAt(9, 14), 1e-12);
        Assert.Equal(1, (options with { Schedule = new ConstantSchedule() }).RateAt(13, 14));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    [InlineData(double.PositiveInfinity)]
    public void Bad_options_are_refused(double value)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { LearningRate = value });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { WeightDecay = value });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { ClipNorm = value });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { AverageDecay = value });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { Epochs = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { CheckpointSteps = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { LogSteps = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { WarmupSteps = -1 });
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_refused_by_name()
    {
        using TemporaryFolder folder = new();
        string file = Path.Combine(folder.Path, "file");
        File.WriteAllText(file, "in the way");
        string message = Assert.ThrowsAny<IOException>(() => new RunFolder(Path.Combine(file, "run"))).Message;
        Assert.Contains(Path.Combine(file, "run"), message, StringComparison.Ordinal);
    }

    private sealed record Outcome(byte[] Weights, byte[] Model, TrainingResult Result);

    private sealed class Listener(Action<TrainingEvent> listen) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value) => listen(value);
    }

    /// <summary>Trains in parts: each cancelled after some steps and gone on with by a new trainer and a new network.</summary>
    private static Outcome Train(string path, TrainingOptions options, int[] stopAfter, long seed = 1)
    {
        for (int part = 0; ; part++)
        {
            using DisposeScope scope = NewDisposeScope();
            using ImplicitNetwork network = Network(part == 0 ? seed : 1000 + part);
            using CancellationTokenSource source = new();
            using Trainer trainer = new(network, new Classification(), Source(Data.Train, seed), Source(Data.Validation, seed), options, new RunFolder(path));
            Assert.Equal(part > 0, trainer.Resume());
            int steps = 0;
            TrainingResult result = trainer.Run(
                new Listener(happened =>
                {
                    if (happened is TrainingEvent.StepFinished && part < stopAfter.Length && ++steps == stopAfter[part])
                    {
                        source.Cancel();
                    }
                }),
                source.Token);
            if (result.IsComplete)
            {
                return new Outcome(Bytes(network), File.ReadAllBytes(Path.Combine(path, "model.safetensors")), result);
            }
        }
    }

    private static byte[] Bytes(ImplicitNetwork network)
    {
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, network.state_dict());
        return stream.ToArray();
    }

    private static ImplicitNetwork Network(long seed)
    {
        random.manual_seed(seed);
        ImplicitNetwork network = DigitClassifier.Create();
        network.OnFailure = new MaskFailures();
        return network;
    }

    private static ImageBatches Source(ImageDataset data, long seed) =>
        new(data, new BatchOptions { Normalization = PixelNormalization.Of(Data.Train), BatchSize = 30, Seed = seed, MaximumShift = 1 });
}
