using ImplicitNet.Files;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.FixedPointNetworks;

/// <summary>The networks as published go through the trainer as all do, though they couple the samples and have weights without use.</summary>
public sealed class PublishedTrainingTests : TensorTest
{
    private static readonly DataSplits Data = StrokeDigits.Generate(new StrokeDigitsOptions { TrainCount = 30, ValidationCount = 10, TestCount = 10 });
    private static readonly TrainingOptions Options = new() { Epochs = 2, CheckpointSteps = 1, ClipNorm = 1, AverageDecay = 0.9 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_interrupted_run_ends_with_the_same_weights(bool isExplicit)
    {
        using TemporaryFolder whole = new();
        using TemporaryFolder parts = new();
        double[] expected = Train(whole.Path, isExplicit, stopAfter: null);
        Train(parts.Path, isExplicit, stopAfter: 3);
        Assert.Equal(expected, Train(parts.Path, isExplicit, stopAfter: null));
    }

    [Fact]
    public void Every_evaluation_in_training_moves_the_statistics_as_published()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Network(isExplicit: false);
        network.Stopping = new ImplicitNet.Solvers.StoppingRule { RelativeTolerance = 1e-3, MaxSteps = 4 };
        network.OnFailure = new MaskFailures();
        using ImplicitResult result = network.Run(randn(3, 1, 28, 28));
        Tensor count = network.Layer.named_buffers().Single(buffer => buffer.name.EndsWith("lat_batch_norm.0.num_batches_tracked", StringComparison.Ordinal)).buffer;

        // Those of the solve, and the one that is attached to the graph.
        Assert.Equal(result.Report.Samples[0].Steps + 1, count.ToInt64());
    }

    private static double[] Train(string path, bool isExplicit, int? stopAfter)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using ImplicitNetwork network = Network(isExplicit);
        network.OnFailure = new MaskFailures();
        network.Stopping = new ImplicitNet.Solvers.StoppingRule { RelativeTolerance = 1e-2, MaxSteps = 10 };
        using CancellationTokenSource source = new();
        using Trainer trainer = new(network, new Classification(), Source(Data.Train), Source(Data.Validation), Options, new RunFolder(path));
        trainer.Resume();
        TrainingResult result = trainer.Run(new Listener(done => Cancel(done, stopAfter, source)), source.Token);
        Assert.Equal(stopAfter is null, result.IsComplete);
        return [.. network.state_dict().Values.Select(tensor => tensor.to(ScalarType.Float64).sum().ToDouble())];
    }

    private static void Cancel(TrainingEvent done, int? stopAfter, CancellationTokenSource source)
    {
        if (done is TrainingEvent.StepFinished step && step.Step == stopAfter)
        {
            source.Cancel();
        }
    }

    private static ImplicitNetwork Network(bool isExplicit) => SvhnFpn.Create(new SvhnFpnOptions { Height = 28, Width = 28, ImageChannels = 1, Explicit = isExplicit });

    private static ImageBatches Source(ImageDataset data) => new(data, new BatchOptions { Normalization = PixelNormalization.Of(Data.Train), BatchSize = 10 });

    private sealed class Listener(Action<TrainingEvent> listen) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value) => listen(value);
    }
}
