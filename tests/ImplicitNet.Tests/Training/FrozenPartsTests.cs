using ImplicitNet.Training;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Optimizers;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>Parts of a model that somebody has fixed stay as they are.</summary>
public sealed class FrozenPartsTests : TensorTest
{
    public static TheoryData<TrainingOptimizer> Optimizers => [new AdamWOptimizer(), new AdamOptimizer(), new SgdOptimizer { Momentum = 0.9 }];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void A_parameter_that_is_frozen_on_the_way_is_moved_no_more(TrainingOptimizer optimizer)
    {
        using DisposeScope scope = NewDisposeScope();
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        Parameter[] parameters = [.. model.parameters()];
        Parameter frozen = parameters[0];
        TrainingOptions options = SmallRegression.Options with { Optimizer = optimizer, WeightDecay = 0.1 };
        byte[] before = [];
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: options)
        {
            OnEvent = happened =>
            {
                if (happened is TrainingEvent.StepFinished { Step: 2 })
                {
                    frozen.requires_grad = false;
                    before = frozen.detach().bytes.ToArray();
                }
            },
        };
        Assert.Equal(4, trainer.Run().BestEpoch);
        Assert.Equal(before, frozen.detach().bytes.ToArray());
    }

    [Fact]
    public void A_part_in_evaluation_mode_stays_there_while_the_model_is_trained_and_evaluated()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        BatchNorm1d statistics = nn.BatchNorm1d(2);
        using Sequential model = nn.Sequential(statistics, nn.Linear(2, 1), nn.Dropout(0.1));
        statistics.eval();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), SmallRegression.Source("held out", 9), SmallRegression.Options)
        {
            Probe = new GradientProbe(),
        };
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Equal(StopReason.Cancelled, trainer.Run(cancellation: source.Token).Stopped);
        Assert.Equal(StopReason.Epochs, trainer.Run().Stopped);
        model.train();
        statistics.eval();
        Evaluator.Evaluate(model, new Regression(), SmallRegression.Source());
        Assert.Equal([true, false, true, true], [model.training, .. model.children().Select(part => part.training)]);
        Assert.Equal(0, statistics.running_mean!.abs().sum().ToDouble());
    }

    [Fact]
    public void A_model_in_evaluation_mode_is_trained_in_training_mode()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        BatchNorm1d statistics = nn.BatchNorm1d(2);
        using Sequential model = nn.Sequential(statistics, nn.Linear(2, 1));
        model.eval();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: SmallRegression.Options);
        trainer.Run();
        Assert.NotEqual(0, statistics.running_mean!.abs().sum().ToDouble());
    }
}
