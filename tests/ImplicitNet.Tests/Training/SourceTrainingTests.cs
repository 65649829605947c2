using ImplicitNet.Files;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>A run on any source that can be repeated goes on in the middle of an epoch as if never left, and never with other data.</summary>
public sealed class SourceTrainingTests : TensorTest
{
    private const string Text = "the quick brown fox jumps over the lazy dog and runs away";

    public static TheoryData<string> Sources => ["table", "table in float64", "weighted table", "half a table", "generated", "generated anew", "text"];

    [Theory]
    [MemberData(nameof(Sources))]
    public void An_interrupted_run_ends_with_the_same_weights(string kind)
    {
        using TemporaryFolder folder = new();
        byte[] whole = Run(kind, null, stopAt: null, change: 0);
        for (int step = 1; step <= 7; step += 3)
        {
            byte[] interrupted = Run(kind, folder[$"{step}"], stopAt: step, change: 0);
            Assert.True(step > 1 || !whole.SequenceEqual(interrupted)); // a later one may have the best weights already
            Assert.Equal(whole, Run(kind, folder[$"{step}"], stopAt: null, change: 0));
        }
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_checkpoint_is_not_gone_on_with_by_other_data(string kind)
    {
        using TemporaryFolder folder = new();
        Run(kind, folder.Path, stopAt: 2, change: 0);
        string message = Assert.Throws<WeightsFileException>(() => Run(kind, folder.Path, stopAt: null, change: 1)).Message;
        Assert.Contains("Checksum", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Nor_with_other_data_to_choose_the_best_epoch_by()
    {
        using TemporaryFolder folder = new();
        Run("table", folder.Path, stopAt: 2, change: 0, validationChange: 0);
        string message = Assert.Throws<WeightsFileException>(() => Run("table", folder.Path, stopAt: null, change: 0, validationChange: 1)).Message;
        Assert.Contains("validation batches.Checksum was", message, StringComparison.Ordinal);
        Run("table", folder.Path, stopAt: null, change: 0, validationChange: 0);
    }

    [Fact]
    public void A_loader_goes_on_from_its_last_whole_epoch_and_says_so()
    {
        using TemporaryFolder folder = new();
        List<TrainingEvent> events = [];
        Run("loader", folder.Path, stopAt: 4, change: 0);
        Run("loader", folder.Path, stopAt: null, change: 0, events.Add);
        Assert.IsType<TrainingEvent.Notice>(events[0]);
        Assert.Equal(4, events.OfType<TrainingEvent.StepFinished>().First().Step); // the first of the second epoch
        Assert.Equal(9, events.OfType<TrainingEvent.StepFinished>().Last().Step);
    }

    /// <summary>Trains from a folder's checkpoint, where there is one, to the end or until cancelled after a step. The weights.</summary>
    private static byte[] Run(string kind, string? folder, int? stopAt, int change, Action<TrainingEvent>? hear = null, int? validationChange = null)
    {
        using DisposeScope scope = NewDisposeScope();
        BatchSource source = Source(kind, change);
        BatchSource? validation = validationChange is { } changed ? Source(kind, changed) : null;
        using nn.Module<Tensor, Tensor> model = kind == "text"
            ? Characters()
            : SmallRegression.Model(kind == "table in float64" ? ScalarType.Float64 : ScalarType.Float32);
        using CancellationTokenSource cancel = new();
        TrainingOptions options = new() { Epochs = 3, CheckpointSteps = 1 };
        using Trainer trainer = new(
            model, kind == "text" ? new NextToken() : new Regression(), source, validation, options, folder is null ? null : new RunFolder(folder))
        {
            OnEvent = happened =>
            {
                hear?.Invoke(happened);
                if (happened is TrainingEvent.StepFinished step && step.Step == stopAt)
                {
                    cancel.Cancel();
                }
            },
        };
        Assert.Equal(3, source.StepsPerEpoch);
        if (folder is not null)
        {
            trainer.Resume();
        }

        trainer.Run(cancellation: cancel.Token);
        return SmallRegression.Bytes(model);
    }

    private static BatchSource Source(string kind, int change)
    {
        double[,] x = new double[23, 2];
        for (int row = 0; row < 23; row++)
        {
            (x[row, 0], x[row, 1]) = (Math.Sin(row + 1), Math.Cos(3 * row));
        }

        Tensor inputs = tensor(x, ScalarType.Float32), targets = inputs[TensorIndex.Colon, 0] - 0.5, weights = arange(23, ScalarType.Float32);
        Tensor other = targets.clone();
        other[7] += 0.001 * change;
        return kind switch
        {
            "table" => BatchSource.From(inputs, other, batchSize: 8),
            "table in float64" => BatchSource.From(inputs.to(ScalarType.Float64), other.to(ScalarType.Float64), batchSize: 8),
            "weighted table" => BatchSource.From(inputs, targets, batchSize: 8, weights: weights + change),
            "half a table" => BatchSource.From(inputs, targets, batchSize: 4).Split(0.5, seed: 1 + change).HeldOut,
            "generated" or "generated anew" => BatchSource.Generate(
                (_, random) =>
                {
                    float value = (float)random.NextNormal();
                    return (tensor(new[] { value, value * value }), tensor(value + change));
                },
                23, isFreshEveryEpoch: kind == "generated anew", batchSize: 8),
            "text" => BatchSource.FromText(change == 0 ? Text : Text.Replace("fox", "dog", StringComparison.Ordinal), 5, batchSize: 4),
            _ => BatchSource.FromBatches(BatchSource.From(inputs, other, batchSize: 8).InOrder()),
        };
    }

    private static nn.Module<Tensor, Tensor> Characters()
    {
        random.manual_seed(1);
        int count = Vocabulary.Of(Text).Count;
        return nn.Sequential(nn.Embedding(count, 6), nn.Linear(6, count));
    }
}
