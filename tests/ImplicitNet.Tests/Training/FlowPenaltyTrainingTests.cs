using ImplicitNet.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Optimizers;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

public sealed class FlowPenaltyTrainingTests : TensorTest
{
    // The first backward pass of a process leaves as many handles as it has parameters, and none after it does.
    static FlowPenaltyTrainingTests()
    {
        using DisposeScope scope = NewDisposeScope();
        using FlowLayer layer = new(nn.Linear(2, 2));
        layer.call(ones(1, 2)).sum().backward();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void A_step_minimises_the_loss_and_the_penalties_of_the_flows_in_the_model(double weight)
    {
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using Linear field = nn.Linear(2, 2, dtype: ScalarType.Float64);
        FlowSettings settings = new()
        {
            Solver = new ExplicitRungeKutta(ButcherTableau.Euler),
            Steps = new FixedSteps(1),
            Penalties = weight == 0 ? [] : [new KineticPenalty { Weight = weight }],
        };
        using FlowLayer layer = new(field) { Settings = settings };
        Tensor inputs = randn(4, 2, ScalarType.Float64), targets = randn(4, 2, ScalarType.Float64);
        Tensor matrix = field.weight!.detach().clone().requires_grad_(), bias = field.bias!.detach().clone();

        // One Euler step: u + f(u), and |f(u)|^2 / 2.
        Tensor value = nn.functional.linear(inputs, matrix, bias);
        ((inputs + value - targets).square().mean() + (weight * value.square().mean())).backward();
        Tensor expected = matrix.detach() - (0.1 * matrix.grad!);
        using (Trainer trainer = new(
            layer, new Regression(), BatchSource.From(inputs, targets, batchSize: 4),
            options: new TrainingOptions
            {
                Epochs = 1,
                Optimizer = new SgdOptimizer { Momentum = 0 },
                LearningRate = 0.1,
                WeightDecay = 0,
                Schedule = new ConstantSchedule(),
                WarmupSteps = 0,
            }))
        {
            trainer.Run();
        }

        Assert.True((field.weight! - expected).abs().max().ToDouble() < 1e-12);
    }
}
