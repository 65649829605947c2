using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

/// <summary>Tensors that layers, networks and measurements cannot take: one line that says what they need, never a native stack.</summary>
public sealed class BoundaryTests : TensorTest
{
    private static readonly Dictionary<string, Func<Tensor>> Wrong = new()
    {
        ["wider"] = () => randn(3, 7),
        ["a vector"] = () => randn(5),
        ["a scalar"] = () => tensor(1f),
        ["an image"] = () => randn(3, 5, 4, 4),
        ["float64"] = () => randn([3, 5], ScalarType.Float64),
        ["float16"] = () => randn([3, 5]).to(ScalarType.Float16),
        ["integer"] = () => ones([3, 5], ScalarType.Int64),
        ["boolean"] = () => ones([3, 5], ScalarType.Bool),
        ["complex"] = () => randn([3, 5], ScalarType.ComplexFloat32),
        ["sparse"] = () => randn(3, 5).to_sparse(),
        ["meta"] = () => zeros([3, 5], device: META),
        ["disposed"] = () =>
        {
            Tensor tensor = randn(3, 5);
            tensor.Dispose();
            return tensor;
        },
        ["null"] = () => null!,
    };

    public static TheoryData<string> Names() => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_an_operator_cannot_take_is_refused_in_one_line(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor wrong = Wrong[name]();
        using ContractionOperator linear = new(new BoundedLinear(5, 5), 0.5);
        using ContractionOperator image = new(new BoundedConvolution(5, 5, 3, (2, 2)), 0.5);
        using ModuleOperator module = new(new Halving());
        using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(5, 5), 0.5));
        using BoundedLinear bounded = new(5, 5);
        using BoundedConvolution convolution = new(5, 5);
        Tensor u = randn(3, 5);
        Action[] calls =
        [
            () => linear.Bind(wrong).Dispose(),
            () => linear.StartingLatent(wrong),
            () => linear.call(u, wrong),
            () => linear.call(wrong, u),
            () => image.Bind(wrong).Dispose(),
            () => image.call(randn(3, 5, 2, 2), wrong),
            () => layer.call(wrong),
            () => layer.Run(u, start: StartingPoint.From(_ => wrong)),
            () => bounded.call(wrong),
            () => bounded.Apply(wrong, bounded.NormalizedWeight()),
            () => bounded.Apply(u, wrong),
            () => convolution.Apply(u, wrong),
        ];
        Assert.All(calls, call => OneLine(call, name));
        if (name is "wider" or "a scalar" or "integer" or "boolean" or "complex" or "sparse" or "meta" or "disposed" or "null")
        {
            OneLine(() => module.call(u, wrong), name, mayWork: name is "integer" or "boolean" or "complex");
            OneLine(() => module.call(wrong, u), name);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_a_network_cannot_take_is_refused_in_one_line(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor wrong = Wrong[name]();
        using ImplicitNetwork network = new(nn.Linear(5, 6), new ContractionOperator(new BoundedLinear(6, 6), 0.5), nn.Linear(6, 2));
        using ContractionOperator contraction = new(new BoundedLinear(5, 5), 0.5);
        Tensor u = randn(3, 5);
        Tensor Losses(Tensor outputs) => outputs.sum(1);
        Action[] calls =
        [
            () => network.call(wrong),
            () => network.Run(wrong).Dispose(),
            () => network.MeasureContraction(wrong),
            () => new GradientCertifier().Certify(network, wrong, Losses),
            () => Contraction.Report(contraction, wrong, u),
            () => Contraction.Report(contraction, u, wrong),
        ];
        Assert.All(calls, call => OneLine(call, name));
        using (inference_mode())
        {
            OneLine(() => network.call(wrong), name);
        }
    }

    [Fact]
    public void Parts_that_do_not_fit_say_what_they_give_and_need()
    {
        using DisposeScope scope = NewDisposeScope();
        using BoundedLinear narrowing = new(32, 16);
        using BoundedConvolution widening = new(2, 3);
        Assert.Equal(
            "The layer must map latents to latents. It takes 32 and gives 16. (Parameter 'layer')",
            Assert.Throws<ArgumentException>(() => new ContractionOperator(narrowing, 0.5)).Message);
        Assert.Throws<ArgumentException>(() => new ContractionOperator(widening, 0.5));
        Assert.Throws<ArgumentException>(() => new BoundedLinear(3, 3, ScalarType.Int64));
        OneLine(() => new BoundedLinear(1L << 40, 1L << 20).Dispose(), "huge");
        OneLine(() => new BoundedConvolution(64, 64, 3, (60_000, 60_000)).Dispose(), "a huge image");
        Assert.Throws<ArgumentException>(() => new BoundedConvolution(3, 3, dtype: ScalarType.ComplexFloat32));
        using ImplicitNetwork encoder = new(nn.Linear(4, 8), new ContractionOperator(new BoundedLinear(6, 6), 0.5), nn.Linear(6, 2));
        Assert.Equal(
            "q must be [batch, ..., 6]. Given: [3, 8] Float32. (Parameter 'q')", Assert.Throws<ArgumentException>(() => encoder.call(randn(3, 4))).Message);
        using ImplicitNetwork readout = new(nn.Linear(4, 6), new ContractionOperator(new BoundedLinear(6, 6), 0.5), nn.Linear(7, 2));
        Assert.StartsWith("The readout cannot take [3, 6] Float32: ", OneLine(() => readout.call(randn(3, 4)), "readout"), StringComparison.Ordinal);
        Assert.StartsWith("The encoder cannot take [3, 9] Float32: ", OneLine(() => readout.call(randn(3, 9)), "encoder"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_expanded_batch_is_as_good_as_a_copy()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(5, 5), 0.5));
        Tensor q = randn(1, 5).expand(3, 5);
        Assert.True((layer.call(q) - layer.call(q.contiguous())).abs().max().ToDouble() < 1e-6);
    }

    [Fact]
    public void An_empty_batch_has_empty_answers_and_measures_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (bool isImage in new[] { false, true })
        {
            using ImplicitNetwork network = isImage
                ? new(nn.Conv2d(1, 4, 3, padding: 1), new ContractionOperator(new BoundedConvolution(4, 4, 3, (5, 5)), 0.8), nn.Sequential(nn.Flatten(), nn.Linear(100, 3)))
                : new(nn.Linear(4, 16), new ContractionOperator(new BoundedLinear(16, 16), 0.8), nn.Linear(16, 3));
            Tensor data = isImage ? zeros(0, 1, 5, 5) : zeros(0, 4);
            foreach (FixedPointGradient gradient in (FixedPointGradient[])
                [new JacobianFreeGradient(), new NeumannGradient(), new ImplicitGradient(), new RefinedGradient(), new PhantomGradient(), new UnrolledGradient()])
            {
                network.Gradient = gradient;
                using ImplicitResult result = network.Run(data, penalty: new JacobianPenalty());
                Assert.Equal([0, 3], result.Output.shape);
                Assert.Equal([0], result.Penalties!.shape);
                Assert.Equal(double.NaN, result.Average(result.Output.sum(1)).ToDouble());
                Assert.Equal("There were no samples.", result.ToString());
                (result.Average(result.Output.sum(1)) + result.Average(result.Penalties)).backward();
                Assert.All(network.parameters(), parameter => Assert.True(parameter.grad is null || parameter.grad.abs().max().ToDouble() == 0));
            }

            ContractionReport report = network.MeasureContraction(data);
            Assert.True(double.IsNaN(report.Measured) && double.IsNaN(report.MeasuredMean));
            Assert.Contains("measured at no sample", report.ToString(), StringComparison.Ordinal);
            Assert.InRange(report.Certified!.Value, 0.5, 0.8);
            using (no_grad())
            {
                Assert.Equal([0, 3], network.call(data).shape);
            }
        }
    }

    [Fact]
    public void Inference_mode_computes_what_no_grad_does()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using ImplicitNetwork network = new(nn.Linear(4, 6), new ContractionOperator(new BoundedLinear(6, 6), 0.8, LatentActivation.Tanh), nn.Linear(6, 2));
        Tensor data = randn(5, 4);
        FixedPointSolver newton = new NewtonKrylovSolver();
        foreach (FixedPointSolver solver in (FixedPointSolver[])
            [new PicardSolver(), new AndersonSolver(), new BroydenSolver { KeepInverse = true }, newton, new NewtonKrylovSolver { Product = new FiniteDifferenceProduct() }, new SolverChain { Solvers = [new PicardSolver { Damping = 0.1 }, newton] }])
        {
            network.Solver = solver;
            Tensor expected;
            using (no_grad())
            {
                expected = network.call(data);
            }

            using IDisposable mode = inference_mode();
            Assert.True((network.call(data) - expected).abs().max().ToDouble() < 1e-5);
            Assert.True(is_inference_mode_enabled());
            Tensor own = randn(5, 4);
            Assert.Equal([5, 2], network.call(own).shape);
            Assert.InRange(network.MeasureContraction(own).Measured, 0.05, 0.8);
            Assert.Equal(Verdict.Good, new GradientCertifier().Certify(network, own, outputs => outputs.square().sum(1)).Verdict);
            Tensor q = network.Encoder.call(own);
            using FixedPointMap map = network.Layer.Operator.Bind(q);
            Assert.Equal([5], new JacobianPenalty().Estimate(map, q).shape);
            Assert.Equal(5, Contraction.Measure(map, q).Length);
        }
    }

    private static string OneLine(Action call, string name, bool mayWork = false)
    {
        Exception? exception = Record.Exception(call);
        if (exception is null && mayWork)
        {
            return "";
        }

        Assert.True(exception is ArgumentException or InvalidOperationException, $"{name}: {exception?.GetType().Name ?? "nothing thrown"}: {exception?.Message}");
        Assert.DoesNotContain('\n', exception!.Message);
        Assert.DoesNotContain("frame #", exception.ToString(), StringComparison.Ordinal);
        return exception.Message;
    }

    private sealed class Halving() : nn.Module<Tensor, Tensor, Tensor>(nameof(Halving))
    {
        public override Tensor forward(Tensor u, Tensor q) => (u * 0.5) + q;
    }
}
