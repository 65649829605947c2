using ImplicitNet.Flows;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.Flows;

public sealed class ConvolutionalOdeTests : TensorTest
{
    private static readonly FlowSettings TwoEulerSteps = new()
    {
        Solver = new ExplicitRungeKutta(ButcherTableau.Euler),
        Steps = new FixedSteps(2),
    };

    // The first backward pass of a process leaves as many handles as it has parameters, and none after it does.
    static ConvolutionalOdeTests()
    {
        using DisposeScope scope = NewDisposeScope();
        using ConvolutionalOde network = Small(0);
        network.call(ones(1, 2, 12, 12, ScalarType.Float64)).sum().backward();
    }

    [Fact]
    public void It_has_as_many_parameters_as_the_published_network()
    {
        using DisposeScope scope = NewDisposeScope();
        using ConvolutionalOde network = new();
        Assert.Equal(208_266, network.parameters().Sum(parameter => parameter.numel()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Its_answer_is_that_of_the_published_layers_with_the_time_as_a_channel(int zeros)
    {
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ConvolutionalOde network = Small(zeros);
        Draw(network);
        Tensor input = randn(3, 2, 15, 14, ScalarType.Float64);
        Dictionary<string, Tensor> weights = network.state_dict();
        long groups = zeros == 0 ? 4 : 1;
        Tensor u = Convolved(input, "encoder.0", 1, 0);
        u = Convolved(Normed(u, "encoder.1", 4).relu(), "encoder.3", 2, 1);
        u = Convolved(Normed(u, "encoder.4", 4).relu(), "encoder.6", 2, 1);
        u = cat([u, u.new_zeros(3, zeros, u.shape[2], u.shape[3])], 1);
        for (int step = 0; step < 2; step++)
        {
            u += 0.5 * Field(0.5 * step, u);
        }

        Tensor expected = nn.functional.linear(
            Normed(u, "readout.0", groups).relu().mean([2, 3]), weights["readout.4.weight"], weights["readout.4.bias"]);
        Tensor actual = network.call(input);
        Assert.Equal([3L, 5], actual.shape);
        Assert.True((actual - expected).abs().max().ToDouble() < 1e-12);

        // In the other layout of memory, too.
        Tensor other = input.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Assert.True((network.call(other) - actual).abs().max().ToDouble() < 1e-12);

        Tensor Field(double time, Tensor state)
        {
            Tensor x = Timed(time, Normed(state, "norm1", groups, Module).relu(), "convolution1");
            return Normed(Timed(time, Normed(x, "norm2", groups, Module).relu(), "convolution2"), "norm3", groups, Module);
        }

        Tensor Timed(double time, Tensor x, string name) =>
            Convolved(cat([full_like(x.narrow(1, 0, 1), time), x], 1), $"{Module}{name}.convolution", 1, 1);

        Tensor Normed(Tensor x, string name, long count, string prefix = "") =>
            nn.functional.group_norm(x, count, weights[$"{prefix}{name}.weight"], weights[$"{prefix}{name}.bias"], 1e-5);

        Tensor Convolved(Tensor x, string name, long stride, long padding) => nn.functional.conv2d(
            x, weights[$"{name}.weight"], weights[$"{name}.bias"], [stride, stride], [padding, padding], [1, 1], 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Its_gradients_are_those_of_differences(int zeros)
    {
        random.manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        using ConvolutionalOde network = Small(zeros);
        Draw(network);
        Tensor input = randn(3, 2, 12, 12, ScalarType.Float64);
        network.call(input).square().sum().backward();
        const double step = 1e-6;
        foreach ((string name, Parameter parameter) in network.named_parameters())
        {
            using IDisposable noGraph = no_grad();
            Tensor direction = randn_like(parameter);
            double exact = (parameter.grad! * direction).sum().ToDouble();
            double above = Moved(step), below = Moved(-2 * step), difference = (above - below) / (2 * step);
            parameter.add_(direction, step);
            Assert.True(Math.Abs(exact - difference) < 2e-5 * (1 + Math.Abs(exact)), $"{name}: {exact} and by differences {difference}");

            double Moved(double by)
            {
                parameter.add_(direction, by);
                return network.call(input).square().sum().ToDouble();
            }
        }
    }

    [Fact]
    public void Its_norms_begin_as_the_identity_and_zeros_are_channels_of_the_flow()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ConvolutionalOde network = new(new ConvolutionalOdeOptions { Zeros = 5 }, TwoEulerSteps);
        Assert.All(
            network.named_parameters().Where(each => each.name.Contains("norm", StringComparison.Ordinal)),
            each => Assert.True(each.parameter.eq(each.name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0).all().ToBoolean()));
        Tensor features = randn(2, 64, 6, 6), start = network.Flow.Start(features);
        Assert.Equal([2L, 69, 6, 6], start.shape);
        Assert.True(start.narrow(1, 0, 64).eq(features).all().ToBoolean());
        Assert.True(start.narrow(1, 64, 5).eq(0).all().ToBoolean());
        Assert.Equal([2L, 10], network.call(randn(2, 1, 28, 28)).shape);
    }

    [Fact]
    public void A_batch_of_one_answers_as_it_does_among_others_and_an_empty_one_has_no_answers()
    {
        random.manual_seed(3);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ConvolutionalOde network = Small(0);
        network.Flow.Layer.Settings = new FlowSettings { Steps = new PidController { RelativeTolerance = 1e-4, AbsoluteTolerance = 1e-4 } };
        Tensor input = randn(4, 2, 12, 12, ScalarType.Float64), all = network.call(input);
        Assert.True((network.call(input.narrow(0, 2, 1)) - all.narrow(0, 2, 1)).abs().max().ToDouble() < 1e-12);
        Assert.Equal([0L, 5], network.call(input.narrow(0, 0, 0)).shape);
    }

    [Fact]
    public void Sizes_that_cannot_be_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConvolutionalOdeOptions { Channels = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConvolutionalOdeOptions { InputChannels = 4097 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConvolutionalOdeOptions { Classes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConvolutionalOdeOptions { Zeros = -1 });
    }

    private const string Module = "flow.layer.field.module.";

    private static ConvolutionalOde Small(int zeros)
    {
        ConvolutionalOde network = new(
            new ConvolutionalOdeOptions { InputChannels = 2, Channels = 4, Classes = 5, Zeros = zeros }, TwoEulerSteps);
        network.to(ScalarType.Float64);
        return network;
    }

    // Norms that are not the identity, and biases that are not 0.
    private static void Draw(ConvolutionalOde network)
    {
        using IDisposable noGraph = no_grad();
        foreach (Parameter parameter in network.parameters())
        {
            using Tensor noise = randn_like(parameter);
            parameter.add_(noise, 0.2);
        }
    }
}
