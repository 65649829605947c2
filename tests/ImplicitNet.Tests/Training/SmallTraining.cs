using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>A training of a few steps on drawn digits, for tests of what a trainer does around them.</summary>
internal static class SmallTraining
{
    public static readonly DataSplits Data = StrokeDigits.Generate(new StrokeDigitsOptions { TrainCount = 60, ValidationCount = 20, TestCount = 10 });

    /// <summary>Three steps an epoch, a checkpoint after every step.</summary>
    public static readonly TrainingOptions Options = new() { Epochs = 2, CheckpointSteps = 1, LogSteps = 1 };

    public static ImplicitNetwork Network(long seed = 1)
    {
        random.manual_seed(seed);
        ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { LatentChannels = 4 });
        network.OnFailure = new MaskFailures();
        return network;
    }

    public static Trainer Of(ImplicitNetwork network, string? folder, TrainingOptions? options = null) =>
        new(network, new Classification(), Source(Data.Train), Source(Data.Validation), options ?? Options, folder is null ? null : new RunFolder(folder));

    /// <summary>Trains in a folder until some steps are made, and leaves it with its checkpoint.</summary>
    public static void Interrupt(string folder, int steps, TrainingOptions? options = null)
    {
        using ImplicitNetwork network = Network();
        using CancellationTokenSource source = new();
        using Trainer trainer = Of(network, folder, options);
        trainer.Run(new Listener(happened => Cancel(happened, steps, source)), source.Token);
    }

    public static byte[] Bytes(ImplicitNetwork network)
    {
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, network.state_dict());
        return stream.ToArray();
    }

    private static void Cancel(TrainingEvent happened, int steps, CancellationTokenSource source)
    {
        if (happened is TrainingEvent.StepFinished step && step.Step == steps)
        {
            source.Cancel();
        }
    }

    private static ImageBatches Source(ImageDataset data) =>
        new(data, new BatchOptions { Normalization = PixelNormalization.Of(Data.Train), BatchSize = 20, Seed = 1 });

    private sealed class Listener(Action<TrainingEvent> listen) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value) => listen(value);
    }
}
