using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>A task, a source, an optimiser and a schedule that nobody of the library has seen, in one training.</summary>
public sealed class OwnTrainingTests
{
    [Fact]
    public void A_training_of_own_parts_alone_learns_its_quantile_and_goes_on_from_a_whole_epoch()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"implicitnet-own-{Guid.NewGuid():N}");
        try
        {
            TrainingResult whole = Train(folder, null, out List<string> notices);
            Assert.Equal((StopReason.Epochs, 20), (whole.Stopped, whole.Epochs.Count));
            Assert.True(whole.Epochs[^1].TrainLoss < whole.Epochs[0].TrainLoss / 2, $"{whole.Epochs[0].TrainLoss} {whole.Epochs[^1].TrainLoss}");
            Assert.Equal(whole.Epochs.Min(epoch => epoch.Scores["train coverage error"]), whole.Score);
            Assert.Contains("RmsProp", Assert.Single(notices), StringComparison.Ordinal);
            Directory.Delete(folder, recursive: true);
            Assert.Equal(StopReason.Asked, Train(folder, 31, out _).Stopped);
            Assert.Equal(20, Train(folder, null, out _).Epochs.Count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static TrainingResult Train(string folder, int? stop, out List<string> notices)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using nn.Module<Tensor, Tensor> model = nn.Sequential(
            nn.Linear(1, 16), new ImplicitLayer(new ContractionOperator(new BoundedLinear(16, 16), 0.8, LatentActivation.Tanh)), nn.Linear(16, 1));
        List<string> heard = notices = [];
        Trainer trainer = null!;
        TrainingOptions options = new() { Epochs = 20, LearningRate = 1e-2, Optimizer = new RmsProp(), Solves = new LongerAndLonger() };
        using (trainer = new(model, new Pinball(0.8), new Waves(), options: options, folder: new RunFolder(folder)) { OnEvent = Hear })
        {
            trainer.Resume();
            return trainer.Run();
        }

        void Hear(TrainingEvent happened)
        {
            if (happened is TrainingEvent.Notice notice)
            {
                heard.Add(notice.Message);
            }
            else if (happened is TrainingEvent.StepFinished step && step.Step == stop)
            {
                trainer.Stop();
            }
        }
    }
}
