using ImplicitNet.Flows;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.Flows;

public sealed class FlowModelTests : TensorTest
{
    private static readonly FlowSettings Tight = new()
    {
        Steps = new PidController { RelativeTolerance = 1e-10, AbsoluteTolerance = 1e-10 },
    };

    // Of a field with kinks, steps of one length have differences that can be trusted.
    private static readonly FlowSettings Fixed = new() { Steps = new FixedSteps(5) };

    // The first backward pass of a process leaves as many handles as it has parameters, and none after it does.
    static FlowModelTests()
    {
        using DisposeScope scope = NewDisposeScope();
        using NeuralOde network = new();
        network.call(ones(1, 2)).sum().backward();
    }

    [Fact]
    public void Zeros_are_appended_and_the_flow_is_that_of_the_longer_state()
    {
        using DisposeScope scope = NewDisposeScope();

        // u1' = u2 and u2' = 1 from (x, 0): u1(1) = x + 1/2, u2(1) = 1.
        using nn.Module<Tensor, Tensor> field = new Turned();
        using AugmentedFlow flow = new(new FlowLayer(field) { Settings = Tight }, zeros: 1);
        Tensor end = flow.call(tensor(new[,] { { 1.0 }, { -2.0 } }));
        Assert.Equal([2L, 2], end.shape);
        Assert.True((end - tensor(new[,] { { 1.5, 1.0 }, { -1.5, 1.0 } })).abs().max().ToDouble() < 1e-9);
        Assert.Throws<ArgumentException>(() => flow.call(zeros(3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AugmentedFlow(flow.Layer, -1));
    }

    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(3, 2, true)]
    [InlineData(2, 0, false)]
    public void The_gradients_of_a_network_are_those_of_differences(int zeros, int outputs, bool isTimed)
    {
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using NeuralOde network = new(new NeuralOdeOptions { Inputs = 2, Zeros = zeros, Outputs = outputs, Hidden = 4, IsTimed = isTimed }, Fixed);
        network.to(ScalarType.Float64);
        Tensor input = randn(3, 2, ScalarType.Float64);
        Assert.Equal([3L, outputs == 0 ? 2 : outputs], network.call(input).shape);
        CompareWithDifferences(network, input);
    }

    [Fact]
    public void A_forecaster_reads_its_flow_at_each_samples_own_times()
    {
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using SeriesForecaster network = new(new SeriesForecasterOptions { Columns = ["x", "y"], Means = [0, 0], Deviations = [1, 1], Zeros = 1, Hidden = 4 }, Tight);
        network.to(ScalarType.Float64);
        Tensor rows = randn(2, 2, ScalarType.Float64);
        Tensor input = cat([rows, tensor(new[,] { { 0.5, 0.25, 1.0 }, { 2.0, 0.0, 0.125 } })], 1);
        Tensor all = network.call(input);
        Assert.Equal([2L, 3, 2], all.shape);

        // In one step to the time of the last row, sample by sample, and a gap of 0 repeats the row.
        Tensor last = network.call(cat([rows, tensor(new[,] { { 1.75 }, { 2.125 } })], 1));
        Assert.True((all[.., 2] - last[.., 0]).abs().max().ToDouble() < 1e-8);
        Assert.True(all[1, 0].eq(all[1, 1]).all().ToBoolean());
        network.Flow.Layer.Settings = Fixed;
        CompareWithDifferences(network, input);
        Assert.Throws<ArgumentException>(() => network.call(rows));
    }

    private static void CompareWithDifferences(FlowModel network, Tensor input)
    {
        network.call(input).square().sum().backward();
        const double step = 1e-6;
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in network.named_parameters())
        {
            using IDisposable noGraph = no_grad();
            Tensor direction = randn_like(parameter);
            double exact = (parameter.grad! * direction).sum().ToDouble();
            parameter.add_(direction, step);
            double above = network.call(input).square().sum().ToDouble();
            parameter.add_(direction, -2 * step);
            double below = network.call(input).square().sum().ToDouble();
            parameter.add_(direction, step);
            double difference = (above - below) / (2 * step);
            Assert.True(Math.Abs(exact - difference) < 1e-5 * (1 + Math.Abs(exact)), $"{name}: {exact} and by differences {difference}");
        }
    }

    private sealed class Turned() : nn.Module<Tensor, Tensor>(nameof(Turned))
    {
        public override Tensor forward(Tensor u) => cat([u.narrow(1, 1, 1), ones_like(u.narrow(1, 0, 1))], 1);
    }
}
