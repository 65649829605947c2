using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

public sealed class CheckpointStepsTests : TensorTest
{
    /// <summary>
    /// Two at one step would have the epoch's record between them: a run killed before the second one, and resumed from
    /// the first, keeps the record and writes it again.
    /// </summary>
    [Fact]
    public void No_two_checkpoints_are_of_one_step()
    {
        using TemporaryFolder folder = new();
        DataSplits data = StrokeDigits.Generate(new StrokeDigitsOptions { TrainCount = 40, ValidationCount = 10, TestCount = 10 });
        BatchOptions batches = new() { Normalization = PixelNormalization.Of(data.Train), BatchSize = 10 };
        random.manual_seed(1);
        using ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { LatentChannels = 4 });
        network.OnFailure = new MaskFailures();
        TrainingOptions options = new() { Epochs = 2, CheckpointSteps = 2 };
        using Trainer trainer = new(network, new Classification(), new ImageBatches(data.Train, batches), new ImageBatches(data.Validation, batches), options, new RunFolder(folder.Path));
        List<long> steps = [];
        trainer.Run(new Listener(steps));
        Assert.Equal([2, 4, 6, 8], steps);
    }

    private sealed class Listener(List<long> steps) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value)
        {
            if (value is TrainingEvent.CheckpointWritten written)
            {
                steps.Add(written.Step);
            }
        }
    }
}
