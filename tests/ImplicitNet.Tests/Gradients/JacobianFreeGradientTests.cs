using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

public sealed class JacobianFreeGradientTests : TensorTest
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_equals_the_gradient_by_hand_in_either_mode(bool training)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(21);
        using ImplicitNetwork network = Small();
        network.train(training);
        Tensor data = randn([6, 1, 8, 8], ScalarType.Float64);

        using (ImplicitResult result = network.Run(data))
        {
            result.Output.square().sum().backward();
        }

        Tensor[] found = [.. network.parameters().Select(parameter => parameter.grad!.clone())];
        network.zero_grad();

        Tensor fixedPoint;
        using (no_grad())
        using (FixedPointMap map = network.Layer.Operator.Bind(network.Encoder.call(data)))
        using (FixedPointSolution solution = FixedPoint.Solve(map, network.Layer.Operator.StartingLatent(network.Encoder.call(data)), stopping: network.Stopping))
        {
            fixedPoint = solution.Latent.clone();
        }

        Tensor byHand = network.Readout.call(network.Layer.Operator.call(fixedPoint, network.Encoder.call(data)));
        byHand.square().sum().backward();
        foreach ((Tensor expected, Tensor actual) in network.parameters().Select(parameter => (Tensor)parameter.grad!).Zip(found))
        {
            Assert.True((expected - actual).abs().max().ToDouble() <= 1e-12 * (1 + expected.abs().max().ToDouble()));
            Assert.NotEqual(0, actual.abs().sum().ToDouble());
        }
    }

    [Fact]
    public void The_scalar_case_of_the_literature_gives_eight_and_four()
    {
        // u = a u + b at a = 1/2, b = 1: u* = 2. Exact gradient of u*^2: 16 and 8; JFB replaces 1 / (1 - a) by 1.
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor(0.5, ScalarType.Float64).requires_grad_();
        Tensor b = tensor(1.0, ScalarType.Float64).requires_grad_();
        using PerSampleMap map = new(u => (u * a) + b);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(1, 1, ScalarType.Float64), stopping: new StoppingRule { AbsoluteTolerance = 1e-13 });
        Tensor attached = new JacobianFreeGradient().Attach(map, solution);
        attached.square().sum().backward();
        Assert.Equal(8, a.grad!.ToDouble(), 1e-10);
        Assert.Equal(4, b.grad!.ToDouble(), 1e-10);
    }

    [Fact]
    public void The_gradient_reaches_the_data_and_survives_frozen_weights()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(22);
        using ImplicitNetwork network = Small();
        network.eval();
        foreach (Tensor parameter in network.parameters())
        {
            parameter.requires_grad_(false);
        }

        Tensor data = randn([2, 1, 8, 8], ScalarType.Float64).requires_grad_();
        network.call(data).sum().backward();
        Assert.NotEqual(0, data.grad!.abs().sum().ToDouble());
    }

    [Fact]
    public void Gradients_accumulate_over_batches_and_over_uses_in_one_graph()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(23);
        using ImplicitNetwork network = Small();
        network.eval();
        Tensor first = randn([2, 1, 8, 8], ScalarType.Float64);
        Tensor second = randn([3, 1, 8, 8], ScalarType.Float64);
        network.call(first).sum().backward();
        network.call(second).sum().backward();
        Tensor[] apart = [.. network.parameters().Select(parameter => parameter.grad!.clone())];
        network.zero_grad();
        (network.call(first).sum() + network.call(second).sum()).backward();
        Assert.All(network.parameters().Zip(apart), pair => Assert.True((pair.First.grad! - pair.Second).abs().max().ToDouble() < 1e-11));
    }

    private static ImplicitNetwork Small() => new(
        nn.Sequential(("conv", nn.Conv2d(1, 3, 3, padding: 1, dtype: ScalarType.Float64)), ("norm", nn.BatchNorm2d(3, dtype: ScalarType.Float64))),
        new ContractionOperator(new BoundedConvolution(3, 3, 3, (8, 8), ScalarType.Float64), 0.7),
        nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(3 * 64, 2, dtype: ScalarType.Float64))))
    {
        Stopping = new StoppingRule { RelativeTolerance = 1e-10, MaxSteps = 500 },
    };
}
