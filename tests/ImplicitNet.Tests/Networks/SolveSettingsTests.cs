using ImplicitNet.Gradients;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

/// <summary>How a layer solves is one value, which a call may replace; calls know nothing of each other.</summary>
public sealed class SolveSettingsTests : TensorTest
{
    [Fact]
    public void A_call_with_settings_of_its_own_leaves_the_layer_as_it_was()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(6, 6), 0.9));
        SolveSettings before = layer.Settings;
        Tensor q = randn(3, 6);
        using ImplicitResult plain = layer.Run(q);
        SolveSettings exact = layer.Settings with
        {
            Solver = new BroydenSolver(),
            Stopping = new StoppingRule { RelativeTolerance = 1e-6 },
            Gradient = new ImplicitGradient(),
            OnFailure = new MaskFailures(),
        };
        using ImplicitResult own = layer.Run(q, exact);
        using ImplicitResult again = layer.Run(q);
        Assert.Same(before, layer.Settings);
        Assert.Equal(plain.Report.Samples, again.Report.Samples);
        Assert.True(own.Report.Samples.Max(sample => sample.Ratio) <= 1);
        Assert.True(own.Report.Samples.Max(sample => sample.Residual) < plain.Report.Samples.Min(sample => sample.Residual));
        own.Output.sum().backward();
        Assert.NotEmpty(own.Gradient.Samples);
    }

    [Fact]
    public void What_is_short_for_a_part_is_a_part()
    {
        using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(6, 6), 0.9)) { Solver = new AndersonSolver(), Gradient = new NeumannGradient() };
        layer.Stopping = new StoppingRule { MaxSteps = 7 };
        layer.OnFailure = new WarnOnFailure();
        Assert.Equal((new AndersonSolver(), new NeumannGradient(), 7), (layer.Settings.Solver, layer.Settings.Gradient, layer.Settings.Stopping.MaxSteps));
        Assert.IsType<WarnOnFailure>(layer.Settings.OnFailure);
        Assert.Throws<ArgumentNullException>(() => layer.Settings = null!);
        Assert.Throws<ArgumentNullException>(() => layer.Settings with { Solver = null! });
    }

    /// <summary>Inference and training passes at once, each with settings of its own: the same bits as one after the other.</summary>
    [Fact]
    public void One_network_serves_eight_threads_at_once()
    {
        const int Threads = 8, Rounds = 6;
        random.manual_seed(8);
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = DigitClassifier.Create();
        network.eval();
        SolveSettings[] settings = [.. Enumerable.Range(0, Threads).Select(SettingsOf)];
        Tensor[] data = [.. Enumerable.Range(0, Threads).Select(_ => randn(4, 1, 28, 28))];
        (byte[] Output, byte[] Gradient, string Report)[] alone = [.. settings.Select((own, i) => Pass(network, data[i], own))];
        int failures = 0;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(i => new Thread(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                (byte[] output, byte[] gradient, string report) = Pass(network, data[i], settings[i]);
                bool isSame = output.SequenceEqual(alone[i].Output) && gradient.SequenceEqual(alone[i].Gradient) && report == alone[i].Report;
                Interlocked.Add(ref failures, isSame ? 0 : 1);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(0, failures);
    }

    private static SolveSettings SettingsOf(int thread) => new()
    {
        Solver = new FixedPointSolver[] { new PicardSolver(), new AndersonSolver(), new BroydenSolver(), new NewtonKrylovSolver() }[thread % 4],
        Stopping = new StoppingRule { RelativeTolerance = thread < 4 ? 1e-3 : 1e-5 },
        Gradient = thread % 2 == 0 ? new JacobianFreeGradient() : new ImplicitGradient(),
    };

    /// <summary>Output, gradient in the data and report of one call. Gradients of weights would be added up in one place.</summary>
    private static (byte[] Output, byte[] Gradient, string Report) Pass(ImplicitNetwork network, Tensor data, SolveSettings settings)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = data.detach().clone().requires_grad_();
        using ImplicitResult result = network.Run(input, settings);
        Tensor gradient = ImplicitNet.Differentiation.VectorProducts.TransposeProduct(result.Output, input, ones_like(result.Output));
        result.Gradient.ThrowIfFailed();
        return (result.Output.detach().contiguous().bytes.ToArray(), gradient.detach().contiguous().bytes.ToArray(), $"{result.Report} {result.Gradient}");
    }
}
