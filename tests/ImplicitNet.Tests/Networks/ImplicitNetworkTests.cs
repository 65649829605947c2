using ImplicitNet.Gradients;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

public sealed class ImplicitNetworkTests : TensorTest
{
    [Fact]
    public void The_defaults_are_pinned()
    {
        using ImplicitNetwork network = DigitClassifier.Create();
        Assert.Equal(new PicardSolver(), network.Solver);
        Assert.Equal(new JacobianFreeGradient(), network.Gradient);
        Assert.Equal(new ThrowOnFailure(), network.OnFailure);
        Assert.Equal(new StoppingRule { RelativeTolerance = 1e-3 }, network.Stopping);
        Assert.Equal(35_856, network.parameters().Sum(parameter => parameter.numel()));
    }

    [Fact]
    public void Every_weight_has_one_name()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = DigitClassifier.Create();
        string[] expected =
        [
            "encoder.convolution1.bias", "encoder.convolution1.weight", "encoder.convolution2.bias", "encoder.convolution2.weight", "encoder.convolution3.weight",
            "encoder.normalization1.bias", "encoder.normalization1.weight", "encoder.normalization2.bias", "encoder.normalization2.weight",
            "encoder.normalization3.bias", "encoder.normalization3.weight",
            "latent.operator.layer.weight", "readout.convolution.bias", "readout.convolution.weight", "readout.linear.weight",
        ];
        string[] buffers = [.. from number in Enumerable.Range(1, 3) from name in new[] { "num_batches_tracked", "running_mean", "running_var" } select $"encoder.normalization{number}.{name}"];
        Assert.Equal(expected, network.named_parameters().Select(parameter => parameter.name).Order(StringComparer.Ordinal));
        Assert.Equal(expected.Concat(buffers).Order(StringComparer.Ordinal), network.state_dict().Keys.Order(StringComparer.Ordinal));
        Assert.Equal(expected.Length, network.parameters().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public void A_samples_output_is_the_same_alone_and_in_any_batch(int size)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(31);
        using ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { Gamma = 0.9 });
        network.eval();
        using IDisposable noGraph = no_grad();
        Tensor data = ChannelsLast(randn(400, 28, 28, 1));
        using ImplicitResult whole = network.Run(data);
        for (int first = 0; first < (size == 1 ? 40 : 400); first += size)
        {
            int last = Math.Min(first + size, 400);
            using ImplicitResult part = network.Run(data.slice(0, first, last, 1));
            Assert.True((part.Output - whole.Output.slice(0, first, last, 1)).abs().max().ToDouble() <= 1e-5);
            Assert.Equal(
                whole.Report.Samples.Skip(first).Take(last - first).Select(sample => (sample.Status, sample.Steps)),
                part.Report.Samples.Select(sample => (sample.Status, sample.Steps)));
        }
    }

    [Fact]
    public void A_nan_image_fails_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(32);
        using ImplicitNetwork network = DigitClassifier.Create();
        network.eval();
        network.OnFailure = new MaskFailures();
        using IDisposable noGraph = no_grad();
        Tensor data = ChannelsLast(randn(20, 28, 28, 1));
        using ImplicitResult clean = network.Run(data);
        Tensor broken = data.clone();
        broken[3].fill_(double.NaN);
        using ImplicitResult result = network.Run(broken);
        Assert.Equal(SolveStatus.NonFinite, result.Report.Samples[3].Status);
        foreach (int sample in Enumerable.Range(0, 20).Where(sample => sample != 3))
        {
            Assert.Equal(clean.Report.Samples[sample].Steps, result.Report.Samples[sample].Steps);
            Assert.True((clean.Output[sample] - result.Output[sample]).abs().max().ToDouble() <= 1e-5);
        }
    }

    [Fact]
    public void Training_lowers_the_loss_and_leaks_nothing()
    {
        random.manual_seed(33);
        using ImplicitNetwork network = DigitClassifier.Create();
        using optim.Optimizer optimizer = optim.Adam(network.parameters(), 3e-3);
        List<double> losses = [];
        long live = 0;
        for (int step = 0; step < 30; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor labels = arange(20, ScalarType.Int64) % 10;
            Tensor data = ChannelsLast(labels.to(ScalarType.Float32).reshape(20, 1, 1, 1).expand(20, 28, 28, 1) * 0.3);
            data = data + (randn_like(data) * 0.1);
            optimizer.zero_grad();
            using ImplicitResult result = network.Run(data);
            Tensor loss = result.Average(nn.functional.cross_entropy(result.Output, labels, reduction: nn.Reduction.None));
            loss.backward();
            optimizer.step();
            losses.Add(loss.ToDouble());
            if (step == 2)
            {
                live = Live;
            }
            else if (step > 2)
            {
                Assert.Equal(live, Live);
            }
        }

        Assert.True(losses[^1] < losses[0] / 2, $"{losses[0]} to {losses[^1]}");
    }

    [Fact]
    public void Without_gradients_the_output_is_the_readout_of_the_fixed_point()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(34);
        using ImplicitNetwork network = DigitClassifier.Create();
        network.eval();
        Tensor data = ChannelsLast(randn(5, 28, 28, 1));
        using IDisposable noGraph = no_grad();
        Tensor u = network.Layer.call(network.Encoder.call(data));
        Assert.True(network.Readout.call(u).equal(network.call(data)).all().ToBoolean());
        Assert.False(network.call(data).requires_grad);
    }

    [Fact]
    public void A_start_near_the_answer_saves_steps()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(35);
        using ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { Gamma = 0.9 });
        network.eval();
        using IDisposable noGraph = no_grad();
        Tensor data = ChannelsLast(randn(5, 28, 28, 1));
        Tensor u = network.Layer.call(network.Encoder.call(data));
        using ImplicitResult cold = network.Run(data);
        using ImplicitResult warm = network.Run(data, start: StartingPoint.From(_ => u));
        Assert.Equal(1, warm.Report.MaxSteps);
        Assert.True(cold.Report.MeanSteps > 2);
    }

    [Fact]
    public void The_contraction_is_reported_three_ways()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(36);
        using ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { Gamma = 0.8 });
        network.eval();
        ContractionReport report = network.MeasureContraction(ChannelsLast(randn(5, 28, 28, 1)));
        Assert.Equal(0.8, report.Declared);
        Assert.InRange(report.Certified!.Value, 0.75, 0.8);
        Assert.InRange(report.Measured, 0.1, report.Certified.Value);
    }

    private static Tensor ChannelsLast(Tensor images) => images.permute(0, 3, 1, 2);
}
