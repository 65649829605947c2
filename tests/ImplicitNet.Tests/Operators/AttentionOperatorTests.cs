using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class AttentionOperatorTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-12, RelativeTolerance = 0, MaxSteps = 3000 };

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 3)]
    [InlineData(2, 1)]
    [InlineData(3, 3)]
    public void The_factor_holds_as_the_norm_of_the_dense_Jacobian_and_for_every_pair_of_latents(int heads, int rounds)
    {
        using DisposeScope scope = NewDisposeScope();
        (AttentionOperator attention, Tensor q) = Create(heads, rounds);
        using AttentionOperator owned = attention;
        double certified = attention.CertifyFactor();
        Assert.InRange(certified, 0.85, 0.9);
        using FixedPointMap map = attention.Bind(q);
        Tensor basis = eye(30, dtype: ScalarType.Float64).reshape(30, 5, 6);
        Tensor zero = zeros([30, 5, 6], ScalarType.Float64);
        for (int sample = 0; sample < 3; sample++)
        {
            // With the identity for an activation the map is linear, and this its matrix.
            using FixedPointMap one = map.Restrict(tensor(Enumerable.Repeat((long)sample, 30).ToArray()));
            Tensor matrix = (one.Evaluate(basis) - one.Evaluate(zero)).detach().reshape(30, 30);
            Assert.InRange(linalg.svdvals(matrix).max().ToDouble(), 0.3, certified);
        }

        (Tensor u, Tensor v) = (randn_like(q) * 100, randn_like(q));
        Tensor apart = (map.Evaluate(u) - map.Evaluate(v)).flatten(1).norm(1) / (u - v).flatten(1).norm(1);
        Assert.InRange(apart.max().ToDouble(), 0, certified);
    }

    [Fact]
    public void Where_all_tokens_look_at_one_the_norm_is_that_of_the_largest_column()
    {
        // Each row of P is e_1: ||P|| = sqrt(4) = 2. Divided by that, each token gets half of the first.
        using DisposeScope scope = NewDisposeScope();
        Tensor first = zeros([1, 4, 4], ScalarType.Float64);
        first[0, .., 0] = 1;
        using AttentionOperator attention = new(Identity(2), new Given(first), 0.5, LatentActivation.LeakyRelu(1));
        Tensor q = zeros([1, 4, 2], ScalarType.Float64);
        Tensor u = zeros([1, 4, 2], ScalarType.Float64);
        u[0, 0, 1] = 8;
        Tensor found = attention.call(u, q);
        Assert.All(found.select(2, 1).data<double>().ToArray(), value => Assert.Equal(8 * 0.5 / 2, value, 0.02));
        Assert.All(found.select(2, 0).data<double>().ToArray(), value => Assert.Equal(0, value));

        // The bound is met: the image of a unit vector has the length gamma.
        Assert.Equal(0.5, found.norm().ToDouble() / 8, 0.005);
    }

    [Fact]
    public void Two_tokens_that_change_places_have_the_fixed_point_of_the_closed_form()
    {
        // u1 = g u2 + q1 and u2 = g u1 + q2 with g = gamma / (bound of the identity): u1 = (q1 + g q2) / (1 - g^2).
        using DisposeScope scope = NewDisposeScope();
        Tensor swap = tensor(new double[,,] { { { 0, 1 }, { 1, 0 } } });
        using AttentionOperator attention = new(Identity(1), new Given(swap), 0.6, LatentActivation.LeakyRelu(1));
        Tensor q = tensor(new double[,,] { { { 1 }, { 3 } } });
        using FixedPointMap map = attention.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, attention.StartingLatent(q), stopping: Tight);
        double g = map.Inputs.Shared[0].ToDouble() * map.Inputs.PerSample[1][0, 0, 0, 1].ToDouble();
        Assert.InRange(g, 0.59, 0.6);
        Assert.Equal((1 + (3 * g)) / (1 - (g * g)), solution.Latent[0, 0, 0].ToDouble(), 1e-11);
        Assert.Equal((3 + g) / (1 - (g * g)), solution.Latent[0, 1, 0].ToDouble(), 1e-11);
        Assert.True(solution.Report.Samples[0].ErrorBound < 1e-11);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Gradients_reach_the_weights_of_attention_and_are_those_of_a_long_unroll(int heads)
    {
        using DisposeScope scope = NewDisposeScope();
        (AttentionOperator attention, Tensor data) = Create(heads, 2);
        using ImplicitLayer layer = new(attention) { Stopping = Tight };
        Tensor q = data.requires_grad_();
        Tensor[] exact = Gradients(new ImplicitGradient { RelativeTolerance = 1e-12 }), unrolled = Gradients(new UnrolledGradient { Steps = 250 });
        Assert.Equal(6, exact.Length);
        Assert.All(exact.Zip(unrolled), pair => Assert.True((pair.First - pair.Second).norm().ToDouble() < 1e-8 * (1 + pair.First.norm().ToDouble())));

        // All but the offset of the keys, which moves a row of logits as a whole.
        Assert.Equal(5, exact.Count(gradient => gradient.norm().ToDouble() > 1e-6));

        Tensor[] Gradients(FixedPointGradient gradient)
        {
            layer.Gradient = gradient;
            Tensor[] all = [.. layer.parameters(), q];
            Tensor loss = layer.call(q).pow(3).sum();
            return [.. ImplicitNet.Differentiation.VectorProducts.TransposeProducts(loss, all, tensor(1.0, ScalarType.Float64)).Select(each => each!)];
        }
    }

    [Fact]
    public void A_sample_is_its_own_whatever_is_beside_it_and_tokens_have_no_order()
    {
        using DisposeScope scope = NewDisposeScope();
        (AttentionOperator attention, Tensor q) = Create(2, 3);
        using ImplicitLayer layer = new(attention) { Stopping = Tight };
        Tensor together = layer.call(q).detach();
        Assert.True((layer.call(q.narrow(0, 1, 1)).detach() - together.narrow(0, 1, 1)).abs().max().ToDouble() < 1e-11);
        Tensor order = tensor(new long[] { 3, 0, 4, 1, 2 });
        Assert.True((layer.call(q.index_select(1, order)).detach() - together.index_select(1, order)).abs().max().ToDouble() < 1e-10);
        Assert.Equal([0, 5, 6], layer.call(q.narrow(0, 0, 0)).shape);
    }

    [Fact]
    public void Balanced_weights_have_columns_that_sum_to_one_and_rows_that_do_exactly()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor q = randn([4, 7, 6], ScalarType.Float64) * 3;
        double before = double.PositiveInfinity;
        foreach (int rounds in new[] { 0, 1, 3, 30 })
        {
            random.manual_seed(3);
            using AttentionWeights weights = new(6, 2, rounds, ScalarType.Float64);
            Tensor found = weights.call(q).detach();
            Assert.Equal([4, 2, 7, 7], found.shape);
            Assert.True((found.sum(3) - 1).abs().max().ToDouble() < 1e-14);
            double apart = (found.sum(2) - 1).abs().max().ToDouble();
            Assert.True(apart < before, $"{rounds} rounds leave {apart:g3}");
            before = apart;
        }

        Assert.True(before < 0.05, $"{before:g3}");
    }

    [Fact]
    public void What_is_none_is_refused_in_one_line()
    {
        using DisposeScope scope = NewDisposeScope();
        using BoundedLinear square = new(3, 3);
        using BoundedLinear wide = new(3, 4);
        using AttentionWeights weights = new(3);
        Assert.Throws<ArgumentNullException>("layer", () => new AttentionOperator(null!, weights, 0.5));
        Assert.Throws<ArgumentNullException>("weights", () => new AttentionOperator(square, null!, 0.5));
        Assert.Throws<ArgumentOutOfRangeException>("gamma", () => new AttentionOperator(square, weights, 1));
        Assert.Throws<ArgumentException>("layer", () => new AttentionOperator(wide, weights, 0.5));
        Assert.Throws<ArgumentOutOfRangeException>("heads", () => new AttentionWeights(6, 4));
        Assert.Throws<ArgumentOutOfRangeException>("rounds", () => new AttentionWeights(6, 2, -1));
        using AttentionOperator attention = new(new BoundedLinear(6, 6), new AttentionWeights(6, 2), 0.5);
        Assert.Throws<ArgumentException>("q", () => attention.Bind(zeros(2, 6)));
        Assert.Throws<ArgumentException>("q", () => attention.Bind(zeros(2, 3, 5)));
        Assert.Throws<ArgumentException>("q", () => attention.Bind(zeros([2, 3, 6], ScalarType.Float64)));
        using AttentionOperator wrong = new(new BoundedLinear(6, 6), new Given(zeros(2, 4, 4)), 0.5);
        string message = Assert.Throws<ArgumentException>(() => wrong.Bind(zeros(2, 3, 6))).Message;
        Assert.Contains("must be [2, 3, 3], or [2, heads, 3, 3]", message, StringComparison.Ordinal);
        Assert.Contains("[2, 4, 4]", message, StringComparison.Ordinal);
    }

    private static (AttentionOperator Attention, Tensor Q) Create(int heads, int rounds)
    {
        random.manual_seed(14);
        AttentionOperator attention = new(
            new BoundedLinear(6, 6, ScalarType.Float64), new AttentionWeights(6, heads, rounds, ScalarType.Float64), 0.9, LatentActivation.LeakyRelu(1));
        return (attention, randn([3, 5, 6], ScalarType.Float64));
    }

    private static BoundedLinear Identity(long size)
    {
        BoundedLinear layer = new(size, size, ScalarType.Float64);
        using IDisposable noGraph = no_grad();
        layer.Weight.copy_(eye(size, dtype: ScalarType.Float64));
        return layer;
    }

    private sealed class Given(Tensor weights) : nn.Module<Tensor, Tensor>(nameof(Given))
    {
        public override Tensor forward(Tensor input) => weights.alias();
    }
}
