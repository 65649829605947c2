using ImplicitNet.Certification;
using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>Attention that contracts in the largest token, row by row, so that no token depends on a later one.</summary>
public sealed class CausalAttentionTests : TensorTest
{
    private const int Tokens = 5, Channels = 6;

    private static readonly ResidualNorm Norm = ResidualNorm.LargestToken(Channels);

    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-12, RelativeTolerance = 0, MaxSteps = 3000 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_factor_holds_in_the_largest_token_for_every_pair_of_latents_and_weights_of_any_sign_and_size(int heads)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(14);
        Tensor q = randn([3, Tokens, Channels], ScalarType.Float64);
        foreach (double size in new[] { 0, 0.1, 1, 30, 1e200 })
        {
            Tensor weights = randn([3, heads, Tokens, Tokens], ScalarType.Float64) * size;
            using AttentionOperator attention = Of(Drawn(), new Given(weights), 0.9);
            double certified = attention.CertifyFactor();
            Assert.InRange(certified, 0.85, 0.9);
            using FixedPointMap map = attention.Bind(q);
            for (int draw = 0; draw < 20; draw++)
            {
                // Tokens of the same length weigh the most: half of the pairs are such.
                Tensor apart = randn_like(q);
                apart = draw % 2 == 0 ? apart / apart.norm(2, keepdim: true) : apart;
                Tensor u = randn_like(q) * 100;
                double[] stretch = [.. (Measured(map.Evaluate(u + apart) - map.Evaluate(u)) / Measured(apart)).data<double>()];
                Assert.All(stretch, one => Assert.InRange(one, 0, certified * (1 + 1e-9)));
            }

            double[] norms = Contraction.Measure(map, q, norm: Norm);
            Assert.All(norms, norm => Assert.InRange(norm, size < 1 ? 0 : 0.4, certified * (1 + 1e-12)));
        }
    }

    /// <summary>With one head the norm of each row is the sum of its magnitudes times the norm of f: as a matrix, block by block.</summary>
    [Fact]
    public void Of_one_head_the_exact_norm_of_the_dense_Jacobian_is_met_where_a_row_is_divided_or_sums_to_one()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor q = randn([1, Tokens, Channels], ScalarType.Float64);
        foreach (nn.Module<Tensor, Tensor> weights in new nn.Module<Tensor, Tensor>[]
        {
            new AttentionWeights(Channels, dtype: ScalarType.Float64, isCausal: true), new Given(randn([1, Tokens, Tokens], ScalarType.Float64) * 3),
        })
        {
            using AttentionOperator attention = Of(Drawn(), weights, 0.8);
            using FixedPointMap map = attention.Bind(q);
            using FixedPointMap copies = map.Restrict(zeros(Tokens * Channels, dtype: ScalarType.Int64));
            Tensor basis = eye(Tokens * Channels, dtype: ScalarType.Float64).reshape(-1, Tokens, Channels);
            Tensor columns = (copies.Evaluate(basis) - copies.Evaluate(zeros_like(basis))).detach().reshape(Tokens, Channels, Tokens, Channels);
            for (int token = 0; token < Tokens; token++)
            {
                // The blocks of a row are multiples of one matrix, so that one direction is the worst of them all.
                Tensor blocks = columns.select(2, token).transpose(1, 2);
                double exact = linalg.svdvals(blocks).select(1, 0).sum().ToDouble();
                Assert.InRange(exact, 0.8 * 0.999, attention.CertifyFactor());
            }

            Assert.InRange(Contraction.Measure(map, q, norm: Norm)[0], 0.8 * 0.999, attention.CertifyFactor());
        }
    }

    /// <summary>One head looks at a token with all its length in that head's share, and the other likewise: sqrt(2) before the division.</summary>
    [Fact]
    public void Heads_that_look_at_different_tokens_are_divided_by_the_root_of_their_number_and_then_meet_the_factor()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weights = zeros([1, 2, 2, 2], ScalarType.Float64);
        weights[0, 0, .., 0] = 1;
        weights[0, 1, .., 1] = 1;
        using AttentionOperator attention = new(
            Identity(2), new Given(weights), 0.5, LatentActivation.LeakyRelu(1), ResidualNorm.LargestToken(2));
        Tensor u = eye(2, dtype: ScalarType.Float64).unsqueeze(0);
        Tensor found = attention.call(u, zeros_like(u));
        double certified = attention.CertifyFactor();
        Assert.InRange(certified, 0.49, 0.5);
        Assert.All(found.data<double>().ToArray(), value => Assert.Equal(certified / Math.Sqrt(2), value, 1e-5));
        Assert.Equal(certified, ResidualNorm.LargestToken(2).Measure(found.flatten(1)).ToDouble(), 1e-5);
        Assert.InRange(Contraction.Report(attention, zeros_like(u), u).Measured, certified - 1e-5, certified);

        // Heads that agree lose nothing: each token is the mean of both.
        using AttentionOperator alike = new(
            Identity(2), new Given(full([1, 2, 2, 2], 0.5, ScalarType.Float64)), 0.5, LatentActivation.LeakyRelu(1), ResidualNorm.LargestToken(2));
        Assert.All(alike.call(u, zeros_like(u)).data<double>().ToArray(), value => Assert.Equal(certified / 2, value, 1e-5));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void No_bit_of_a_token_depends_on_a_later_one_in_the_map_and_in_its_solution_by_Picard(int heads)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        using AttentionOperator attention = Of(Drawn(), Causal(heads), 0.9, LatentActivation.LeakyRelu());
        Tensor q = randn([2, Tokens, Channels], ScalarType.Float64), u = randn_like(q);
        Tensor before = attention.call(u, q).detach(), solved = Solved(q);
        for (int token = 0; token < Tokens; token++)
        {
            (Tensor other, Tensor from) = (q.clone(), u.clone());
            other.narrow(1, token, Tokens - token).mul_(-7).add_(1);
            from.narrow(1, token, Tokens - token).mul_(50);
            Tensor after = attention.call(from, other).detach(), again = Solved(other);
            Assert.True(after.narrow(1, 0, token).eq(before.narrow(1, 0, token)).all().ToBoolean());
            Assert.True(again.narrow(1, 0, token).eq(solved.narrow(1, 0, token)).all().ToBoolean());
            Assert.True(after.narrow(1, token, Tokens - token).ne(before.narrow(1, token, Tokens - token)).all().ToBoolean());
        }

        // In L2 the division is by all rows: the same weights let later tokens in.
        using AttentionOperator byAll = new(Drawn(), Causal(heads), 0.9, LatentActivation.LeakyRelu());
        Tensor changed = q.clone();
        changed.narrow(1, 1, Tokens - 1).mul_(-7).add_(1);
        Assert.False(byAll.call(u, q).narrow(1, 0, 1).eq(byAll.call(u, changed).narrow(1, 0, 1)).all().ToBoolean());

        Tensor Solved(Tensor data)
        {
            using FixedPointMap map = attention.Bind(data);
            using FixedPointSolution solution = FixedPoint.Solve(
                map, attention.StartingLatent(data), new PicardSolver(), new StoppingRule { RelativeTolerance = 0, AbsoluteTolerance = 0, MaxSteps = 12 });
            return solution.Latent.alias();
        }
    }

    /// <summary>P uniform and causal, f the identity: u_t = q_t + g / t (u_1 + ... + u_t), token after token.</summary>
    [Fact]
    public void The_mean_of_what_came_before_has_the_fixed_point_of_the_closed_form()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor uniform = ones(1, Tokens, Tokens, ScalarType.Float64).tril() / arange(1, Tokens + 1, dtype: ScalarType.Float64).reshape(1, Tokens, 1);
        using AttentionOperator attention = new(
            Identity(2), new Given(uniform), 0.7, LatentActivation.LeakyRelu(1), ResidualNorm.LargestToken(2));
        random.manual_seed(2);
        Tensor q = randn([1, Tokens, 2], ScalarType.Float64);
        using FixedPointMap map = attention.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, attention.StartingLatent(q), stopping: Tight);
        double g = map.Inputs.Shared[0][0, 0].ToDouble() * map.Inputs.PerSample[1][0, 0, 0, 0].ToDouble();
        Assert.InRange(g, attention.CertifyFactor() - 1e-5, 0.7);
        foreach (int channel in new[] { 0, 1 })
        {
            double sum = 0;
            for (int t = 1; t <= Tokens; t++)
            {
                double expected = (q[0, t - 1, channel].ToDouble() + (g / t * sum)) / (1 - (g / t));
                Assert.Equal(expected, solution.Latent[0, t - 1, channel].ToDouble(), 1e-11);
                sum += expected;
            }
        }

        Assert.Equal(new ErrorBound(1 / (1 - 0.7), ResidualNorm.LargestToken(2)), map.ErrorBound);
        Assert.Equal(ResidualNorm.LargestToken(2), solution.Report.ErrorNorm);
    }

    /// <summary>Every token looks at the first: gamma in the largest token, gamma sqrt(n) in L2.</summary>
    [Fact]
    public void Bounds_of_gradients_take_no_factor_of_it()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        Tensor first = zeros([1, 4, 4], ScalarType.Float64);
        first[.., .., 0] = 1;
        AttentionOperator attention = new(Identity(2), new Given(first), 0.8, LatentActivation.LeakyRelu(1), ResidualNorm.LargestToken(2));
        using ImplicitNetwork network = new(nn.Linear(2, 2, dtype: ScalarType.Float64), attention, nn.Linear(2, 1, dtype: ScalarType.Float64));
        network.Stopping = new StoppingRule { MaxSteps = 1000 };
        Tensor data = randn([3, 4, 2], ScalarType.Float64);
        GradientCertifier certifier = new() { ConditionSamples = 1 };
        GradientCertificate certificate = certifier.Compare(network, data, y => y.square().sum([1, 2]), [new JacobianFreeGradient()])[0];
        Assert.Null(certificate.DirectionBound);
        Assert.All(certificate.Samples, sample =>
        {
            Assert.Equal(2 * attention.CertifyFactor(), sample.Factor, 1e-4);
            Assert.Null(sample.LatentBound);
            Assert.Null(sample.DirectionBound);
        });
        Assert.NotEqual(true, certificate.Samples[0].Condition!.Value.Holds);
        Assert.Equal(attention.CertifyFactor(), certificate.Contraction.Measured, 1e-4);
        Assert.Contains(" at most in the largest token norm;", certificate.ToString(), StringComparison.Ordinal);
        Assert.Equal(ResidualNorm.LargestToken(2), Assert.Single(certificate.Solves).ErrorNorm);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Gradients_are_those_of_a_long_unroll(int heads)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        AttentionOperator attention = Of(Drawn(), Causal(heads), 0.8, LatentActivation.LeakyRelu());
        using ImplicitLayer layer = new(attention) { Stopping = Tight };
        Tensor q = randn([2, Tokens, Channels], ScalarType.Float64).requires_grad_();
        Tensor[] exact = Gradients(new ImplicitGradient { RelativeTolerance = 1e-12 }), unrolled = Gradients(new UnrolledGradient { Steps = 150 });
        Assert.All(exact.Zip(unrolled), pair => Assert.True((pair.First - pair.Second).norm().ToDouble() < 1e-8 * (1 + pair.First.norm().ToDouble())));
        Assert.Equal(5, exact.Count(gradient => gradient.norm().ToDouble() > 1e-6));

        Tensor[] Gradients(FixedPointGradient gradient)
        {
            layer.Gradient = gradient;
            Tensor[] all = [.. layer.parameters(), q];
            Tensor loss = layer.call(q).pow(3).sum();
            return [.. VectorProducts.TransposeProducts(loss, all, tensor(1.0, ScalarType.Float64)).Select(each => each!)];
        }
    }

    /// <summary>A gate that begins at 0 has a derivative there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Weights_of_zero_have_finite_gradients(bool byRows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weights = zeros([1, 3, 3], ScalarType.Float64).requires_grad_();
        using AttentionOperator attention = new(
            Identity(2), new Given(weights), 0.5, LatentActivation.LeakyRelu(1), byRows ? ResidualNorm.LargestToken(2) : null);
        Tensor q = ones([1, 3, 2], ScalarType.Float64);
        Tensor gradient = VectorProducts.TransposeProducts(
            attention.call(ones_like(q), q).sum(), [weights], tensor(1.0, ScalarType.Float64))[0]!;
        Assert.All(gradient.data<double>().ToArray(), value => Assert.Equal(2 * attention.CertifyFactor(), value, 1e-4));
    }

    [Fact]
    public void Causal_weights_are_the_softmax_over_what_came_before_and_exactly_0_after()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        using AttentionWeights weights = new(Channels, 2, dtype: ScalarType.Float64, isCausal: true);
        random.manual_seed(3);
        using AttentionWeights all = new(Channels, 2, 0, ScalarType.Float64);
        Tensor q = randn([4, 7, Channels], ScalarType.Float64) * 3;
        Tensor found = weights.call(q).detach(), plain = all.call(q).detach().tril();
        Assert.True(found.triu(1).eq(0).all().ToBoolean());
        Assert.True((found.sum(3) - 1).abs().max().ToDouble() < 1e-14);
        Assert.True((found - (plain / plain.sum(3, keepdim: true))).abs().max().ToDouble() < 1e-14);
        Assert.Equal("rounds", Assert.Throws<ArgumentException>(() => new AttentionWeights(Channels, 2, 1, isCausal: true)).ParamName);
        using AttentionWeights none = new(Channels, 2, 0, isCausal: true);
    }

    [Fact]
    public void Another_norm_is_refused_by_what_may_be_given()
    {
        using BoundedLinear layer = new(4, 4);
        using AttentionWeights weights = new(4);
        foreach (ResidualNorm norm in new[] { ResidualNorm.Max, ResidualNorm.LargestToken(2), ResidualNorm.RootMeanSquare })
        {
            string message = Assert.Throws<ArgumentException>("norm", () => new AttentionOperator(layer, weights, 0.5, null, norm)).Message;
            Assert.Contains("ResidualNorm.LargestToken(4)", message, StringComparison.Ordinal);
        }
    }

    private static AttentionOperator Of(
        BoundedModule layer, nn.Module<Tensor, Tensor> weights, double gamma, LatentActivation? activation = null) =>
        new(layer, weights, gamma, activation ?? LatentActivation.LeakyRelu(1), Norm);

    private static BoundedLinear Drawn() => new(Channels, Channels, ScalarType.Float64);

    private static AttentionWeights Causal(int heads) => new(Channels, heads, dtype: ScalarType.Float64, isCausal: true);

    private static Tensor Measured(Tensor latents) => Norm.Measure(latents.detach().flatten(1));

    private static BoundedLinear Identity(long size)
    {
        BoundedLinear layer = new(size, size, ScalarType.Float64);
        using IDisposable noGraph = no_grad();
        layer.Weight.copy_(eye(size, dtype: ScalarType.Float64));
        return layer;
    }

    private sealed class Given(Tensor weights) : nn.Module<Tensor, Tensor>(nameof(Given))
    {
        public override Tensor forward(Tensor input) => weights.expand([input.shape[0], .. weights.shape[1..]]);
    }
}
