using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>What is composed of bounded layers: sequences and averaged blocks, in contractions.</summary>
public sealed class BoundedSequenceTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-12, RelativeTolerance = 0, MaxSteps = 3000 };

    public static TheoryData<string> Names => ["linear", "with tanh", "residual", "down and up", "of a user's layer"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_contraction_holds_for_every_pair_of_latents_and_is_solved_exactly(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (BoundedModule module, long[] shape) = Create(name);
        using ContractionOperator contraction = new(module, 0.9, LatentActivation.Tanh);
        Tensor q = randn(shape, ScalarType.Float64);
        double certified = contraction.CertifyFactor();
        Assert.InRange(certified, 0.3, 0.9);
        foreach (double scale in new[] { 1e-3, 1, 1e3 })
        {
            (Tensor u, Tensor v) = (randn(shape, ScalarType.Float64) * scale, randn(shape, ScalarType.Float64) * scale);
            Tensor apart = (contraction.call(u, q) - contraction.call(v, q)).flatten(1).norm(1) / (u - v).flatten(1).norm(1);
            Assert.InRange(apart.max().ToDouble(), 0, certified);
        }

        using ImplicitLayer layer = new(contraction) { Stopping = Tight };
        Tensor found = layer.call(q).detach();
        Assert.True((contraction.call(found, q) - found).abs().max().ToDouble() < 1e-11);
        ContractionReport report = Contraction.Report(contraction, q, found);
        Assert.InRange(report.Measured, 0, certified);
        Assert.False(report.IsStated);
        using ImplicitResult solved = layer.Run(q);
        Assert.All(solved.Report.Samples, sample => Assert.True(sample.ErrorBound < 1e-10));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_reach_every_weight_and_are_those_of_a_long_unroll(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (BoundedModule module, long[] shape) = Create(name);
        ContractionOperator contraction = new(module, 0.8, LatentActivation.Tanh);
        using ImplicitLayer layer = new(contraction) { Stopping = Tight };
        Tensor q = randn(shape, ScalarType.Float64);
        Tensor[] exact = Gradients(new ImplicitGradient { RelativeTolerance = 1e-12 }), unrolled = Gradients(new UnrolledGradient { Steps = 200 });
        Assert.Equal(contraction.parameters().Count(), exact.Length);
        Assert.All(exact, gradient => Assert.NotEqual(0, gradient.abs().max().ToDouble()));
        Assert.All(exact.Zip(unrolled), pair => Assert.True((pair.First - pair.Second).norm().ToDouble() < 1e-8 * (1e-3 + pair.First.norm().ToDouble())));

        Tensor[] Gradients(FixedPointGradient gradient)
        {
            layer.Gradient = gradient;
            contraction.zero_grad();
            layer.call(q).pow(3).sum().backward();
            return [.. contraction.parameters().Select(parameter => parameter.grad!.clone())];
        }
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]
    public void It_is_certified_in_every_dtype(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        BoundedSequence sequence = new(
            [new BoundedLinear(6, 9, dtype), new BoundedResidual(new BoundedLinear(9, 9, dtype), 0.001), new BoundedLinear(9, 6, dtype)],
            LatentActivation.LeakyRelu());
        using ContractionOperator contraction = new(sequence, 0.95);
        Assert.InRange(contraction.CertifyFactor(), 0.7, 0.95);
        Tensor q = randn(4, 6).to(dtype);
        Assert.Equal((dtype, 4), (contraction.call(zeros_like(q), q).dtype, (int)contraction.call(zeros_like(q), q).shape[0]));
        Assert.Equal([0, 6], contraction.call(zeros([0, 6], dtype), zeros([0, 6], dtype)).shape);
    }

    [Fact]
    public void The_certificate_of_an_average_is_the_average_of_the_certificates()
    {
        using DisposeScope scope = NewDisposeScope();
        BoundedLinear inner = new(2, 2, ScalarType.Float64);
        using (no_grad())
        {
            inner.Weight.copy_(tensor(new double[,] { { 0, -3 }, { 3, 0 } }));
        }

        // A quarter turn R: (1 - s) I + s R has the norm sqrt((1 - s)^2 + s^2), and the bound 1 whatever s is.
        using BoundedResidual residual = new(inner, 0.25);
        double certified = residual.CertifyNorm();
        Assert.InRange(certified, 0.999, 1);
        Tensor columns = residual.call(eye(2, dtype: ScalarType.Float64)).detach();
        Assert.Equal(Math.Sqrt((0.75 * 0.75) + (0.25 * 0.25)), linalg.svdvals(columns).max().ToDouble(), 1e-3);
        Assert.Equal(0.75, columns[0, 0].ToDouble(), 1e-4);
        Assert.Equal(0.25, Math.Abs(columns[0, 1].ToDouble()), 1e-3);
    }

    [Fact]
    public void What_does_not_go_together_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using BoundedLinear linear = new(3, 4);
        using BoundedLinear other = new(5, 3);
        using OfMaximum maximum = new();
        Assert.Throws<ArgumentException>("parts", () => new BoundedSequence([]));
        Assert.Throws<ArgumentException>("parts", () => new BoundedSequence([linear, null!]));
        Assert.Throws<ArgumentException>("parts", () => new BoundedSequence([linear, linear]));
        Assert.Contains("4 channels, and part 1 takes 5", Assert.Throws<ArgumentException>("parts", () => new BoundedSequence([linear, other])).Message, StringComparison.Ordinal);
        Assert.Contains("no product bounds both", Assert.Throws<ArgumentException>("parts", () => new BoundedSequence([linear, maximum])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("inner", () => new BoundedResidual(linear));
        foreach (double part in new[] { 0, -0.1, 1.1, double.NaN })
        {
            Assert.Throws<ArgumentOutOfRangeException>("share", () => new BoundedResidual(maximum, part));
        }

        // Sizes are known when q is: 9 pixels are made 5, and 5 are made 10.
        using ContractionOperator contraction = new(
            new BoundedSequence([new BoundedStridedConvolution(2, 3), new BoundedTransposedConvolution(3, 2)]), 0.9);
        Assert.Contains("makes [1, 2, 10, 10]", Assert.Throws<ArgumentException>("q", () => contraction.Bind(zeros(1, 2, 9, 9))).Message, StringComparison.Ordinal);
        using ContractionOperator wrong = new(
            new BoundedSequence([new BoundedStridedConvolution(2, 2), new BoundedConvolution(2, 2, 3, (4, 4))]), 0.9);
        Assert.Contains("part 1 of the sequence gets", Assert.Throws<ArgumentException>("q", () => wrong.Bind(zeros(1, 2, 9, 9))).Message, StringComparison.Ordinal);
        using BoundedSequence sequence = new([new BoundedLinear(3, 4)]);
        Assert.Throws<ArgumentException>("input", () => sequence.call(zeros(2, 4)));
        Assert.Throws<ArgumentException>("input", () => sequence.call(zeros([2, 3], ScalarType.Float64)));
    }

    [Fact]
    public void Its_weights_have_names_and_may_be_given_their_beginning()
    {
        using DisposeScope scope = NewDisposeScope();
        BoundedLinear first = new(6, 6);
        using ContractionOperator contraction = new(new BoundedSequence([first, new BoundedResidual(new BoundedLinear(6, 6))], LatentActivation.Tanh), 0.9);
        Assert.Equal(["layer.0.weight", "layer.1.inner.weight"], contraction.named_parameters().Select(named => named.name));
        nn.init.orthogonal_(first.Weight);
        Assert.InRange(first.CertifyNorm(), 0.98, 1);
        nn.init.zeros_(first.Weight);
        Assert.Equal(0, first.CertifyNorm());
    }

    [Fact]
    public void An_activation_that_stretches_is_found_out_by_the_report()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        using ContractionOperator contraction = new(
            new BoundedSequence([new BoundedLinear(5, 5), new BoundedLinear(5, 5)], new Doubling()), 0.9, LatentActivation.Tanh);
        Tensor q = zeros(2, 5);
        Assert.True(Contraction.Report(contraction, q, q).IsContradicted);
    }

    private static (BoundedModule Module, long[] Shape) Create(string name)
    {
        random.manual_seed(12);
        const ScalarType dtype = ScalarType.Float64;
        return name switch
        {
            "linear" => (new BoundedSequence([new BoundedLinear(5, 8, dtype), new BoundedLinear(8, 5, dtype)]), [3, 5]),
            "with tanh" => (new BoundedSequence([new BoundedLinear(5, 8, dtype), new BoundedLinear(8, 5, dtype)], LatentActivation.Tanh), [3, 5]),
            "residual" => (new BoundedResidual(new BoundedSequence([new BoundedConvolution1d(3, 4, 3, 7, dtype), new BoundedConvolution1d(4, 3, 3, 7, dtype)], LatentActivation.Tanh)), [2, 3, 7]),
            "down and up" => (new BoundedSequence(
                [
                    new BoundedStridedConvolution(2, 4, 3, 2, (5, 7), dtype),
                    new BoundedResidual(new BoundedConvolution(4, 4, 3, (3, 4), dtype), 0.7),
                    new BoundedTransposedConvolution(4, 2, 3, 2, (5, 7), dtype),
                ],
                LatentActivation.LeakyRelu(0.3)), [2, 2, 5, 7]),
            _ => (new BoundedSequence([new BoundedSymmetric(6, dtype), new BoundedLinear(6, 6, dtype)], new SoftSign()), [2, 6]),
        };
    }

    private sealed record Doubling : LatentActivation
    {
        public override Tensor Apply(Tensor x) => x * 2;
    }

    private sealed class OfMaximum : BoundedLayer
    {
        private readonly TorchSharp.Modules.Parameter _weight = new(eye(4));

        public OfMaximum()
            : base(nameof(OfMaximum)) => RegisterComponents();

        public override TorchSharp.Modules.Parameter Weight => _weight;

        public override ResidualNorm Norm => ResidualNorm.Max;

        protected override Tensor Compute(Tensor input, Tensor weight) => nn.functional.linear(input, weight);

        protected override Tensor UpperBound(Tensor weight) => weight.abs().sum(1).max().reshape(1);

        protected override double LargestSingularValue(Tensor weight) => weight.abs().sum(1).max().ToDouble();
    }
}
