using System.Diagnostics.Metrics;
using ImplicitNet.Training;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

public sealed class TrainingMeterTests : TensorTest
{
    /// <summary>Other tests train at the same time: what is heard of this run is a lower bound, on its own thread exactly.</summary>
    [Fact]
    public void A_listener_hears_of_steps_samples_losses_and_epochs()
    {
        int thread = Environment.CurrentManagedThreadId;
        Dictionary<string, List<double>> heard = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == "ImplicitNet.Training")
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Hear(instrument, value));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Hear(instrument, value));
        listener.Start();
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: SmallRegression.Options);
        TrainingResult result = trainer.Run();
        Assert.Equal(12, heard["implicitnet.training.steps"].Count);
        Assert.Equal(96, heard["implicitnet.training.samples"].Sum());
        Assert.Equal(12, heard["implicitnet.training.loss"].Count);
        Assert.Equal(result.Epochs.Sum(epoch => epoch.SolverFailures), (long)heard["implicitnet.training.unsolved"].Sum());
        Assert.All(heard["implicitnet.training.solver_steps"], steps => Assert.True(steps >= 2));
        Assert.Equal(result.Epochs.Select(epoch => epoch.TrainLoss!.Value), heard["implicitnet.training.score"]);
        Assert.Equal(4, heard["implicitnet.training.epoch"].Count);

        void Hear(Instrument instrument, double value)
        {
            if (Environment.CurrentManagedThreadId == thread)
            {
                heard.TryAdd(instrument.Name, []);
                heard[instrument.Name].Add(value);
            }
        }
    }
}
