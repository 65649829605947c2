using ImplicitNet.Flows;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ImplicitNet.Tests.Networks;

public sealed class FlowLayerTests : TensorTest
{
    [Fact]
    public void A_layer_learns_to_turn_a_point()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using FlowLayer layer = new(Sequential(Linear(2, 16), Tanh(), Linear(16, 2)));
        using optim.Optimizer optimizer = optim.Adam(layer.parameters(), 0.02);
        using Tensor start = tensor(new[] { 1f, 0 }).reshape(1, 2), target = tensor(new[] { 0f, 1 }).reshape(1, 2);
        double loss = double.NaN;
        for (int step = 0; step < 200; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            optimizer.zero_grad();
            Tensor error = (layer.call(start) - target).square().sum();
            error.backward();
            optimizer.step();
            loss = error.item<float>();
        }

        Assert.InRange(loss, 0, 1e-3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Times_may_be_freed_before_the_backward_pass(bool haveGradient)
    {
        using DisposeScope scope = NewDisposeScope();
        using FlowLayer layer = new(Sequential(Linear(2, 8), Tanh(), Linear(8, 2)));
        Tensor start = randn(3, 2), numbers = tensor(new[,] { { 0.0, 0.5 }, { 0.0, 1 }, { 0.2, -1 } }).requires_grad_(haveGradient);
        Tensor times = numbers * 1;
        using FlowResult flow = layer.Run(start, FlowTimes.Of(times));
        times.Dispose();
        flow.States.square().sum().backward();
        Assert.Equal("1 backward pass", flow.Gradient.ToString().Split(',')[0]);
        Assert.True(flow.Gradient.ToString().EndsWith("products", StringComparison.Ordinal), flow.Gradient.ToString());
        Assert.All(layer.parameters(), parameter => Assert.True(parameter.grad!.isfinite().all().ToBoolean()));
        Assert.Equal(haveGradient, numbers.grad is not null);
    }

    [Theory]
    [InlineData("dropout", "The field draws random numbers: Dropout")]
    [InlineData("batch normalisation", "The field looks across the batch: BatchNorm1d")]
    public void Parts_that_are_another_function_at_every_evaluation_are_refused_in_words_of_flows(string part, string begin)
    {
        using DisposeScope scope = NewDisposeScope();
        using FlowLayer layer = new(Sequential(Linear(2, 2), part == "dropout" ? Dropout(0.5) : BatchNorm1d(2)));
        string message = Assert.Throws<InvalidOperationException>(() => layer.call(ones(1, 2))).Message;
        Assert.StartsWith(begin, message, StringComparison.Ordinal);
        Assert.Contains("before the flow", message, StringComparison.Ordinal);
        Assert.All((string[])["R ", "encoder", "readout", "fixed point", " q"], word => Assert.DoesNotContain(word, message, StringComparison.Ordinal));
        layer.eval();
        using Tensor end = layer.call(ones(1, 2));
        Assert.Equal([1L, 2], end.shape);
    }

    [Fact]
    public void A_scope_sees_the_flows_within_it_and_may_change_them()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using FlowLayer layer = new(Linear(2, 2));
        using SolveScope watch = new(flowSettings: settings => settings with { Steps = new FixedSteps(3) });
        using Tensor end = layer.call(ones(5, 2));
        ScopedFlow flow = Assert.Single(watch.Flows);
        Assert.All(flow.Report.Samples, sample => Assert.Equal(3, sample.Accepted));
    }
}
