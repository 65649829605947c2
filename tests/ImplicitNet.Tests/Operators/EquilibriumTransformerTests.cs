using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class EquilibriumTransformerTests : TensorTest
{
    private const int Channels = 4, Heads = 2, Reach = 3;

    private static readonly StoppingRule Exact = new() { AbsoluteTolerance = 1e-30, RelativeTolerance = 0, MaxSteps = 100 };

    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-12, RelativeTolerance = 0, MaxSteps = 3000 };

    [Theory]
    [InlineData(true, true, 0, false)]
    [InlineData(true, true, 3, false)]
    [InlineData(true, true, 2, true)]
    [InlineData(true, false, 0, false)]
    [InlineData(true, false, 2, true)]
    [InlineData(false, false, 0, true)]
    [InlineData(false, false, 3, false)]
    public void R_is_what_the_formulas_say_number_by_number_in_a_graph_and_without(
        bool isCausal, bool isShifted, int memory, bool isPadded)
    {
        using DisposeScope scope = NewDisposeScope();
        using EquilibriumTransformer transformer = Create(isCausal, isShifted: isShifted);
        Tensor u = Normal(2, 5, Channels), q = Normal(2, 5, Channels);
        Tensor before = Normal(2, memory, Channels), encoded = Normal(2, memory, Channels);
        Tensor present = ones(2, 5, dtype: ScalarType.Bool);
        present[1, 3..] = !isPadded;
        SequenceContext context = new() { Memory = new SequenceMemory(before, encoded), Present = isPadded ? present : null };
        using FixedPointMap map = transformer.Bind(q, context);
        Tensor inGraph = map.Evaluate(u);
        Assert.True(inGraph.requires_grad);
        using IDisposable noGraph = no_grad();
        Tensor without = map.Evaluate(u);
        TransformerReference reference = new(transformer, Heads, Reach);
        for (int sample = 0; sample < 2; sample++)
        {
            double[][] expected = reference.Apply(
                Rows(u[sample]), Rows(q[sample]), [.. Rows(before[sample]).Zip(Rows(encoded[sample]))],
                [.. present[sample].data<bool>().ToArray()]);
            foreach (double[][] found in new[] { Rows(inGraph[sample]), Rows(without[sample]) })
            {
                Assert.All(
                    expected.SelectMany(row => row).Zip(found.SelectMany(row => row)),
                    pair => Assert.Equal(pair.First, pair.Second, 1e-12));
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Attention_to_nothing_in_particular_is_the_mean_of_what_came_before_and_has_the_fixed_point_of_the_closed_form(bool isShifted)
    {
        // Logits 0, values u, no feed-forward part. On two channels (x, -x) a norm is x w / sqrt(x^2 + 1e-5): linear where x is far below
        // the root, so that u_t = a_t + (u_1 + ... + u_t) / (2 t), and without u_t where latents are moved on.
        using DisposeScope scope = NewDisposeScope();
        using EquilibriumTransformer transformer = new(2, 1, 1, isShifted: isShifted, dtype: ScalarType.Float64);
        Dictionary<string, Tensor> weights = transformer.state_dict();
        using (no_grad())
        {
            weights.Values.ToList().ForEach(weight => weight.zero_());
            weights["layer.attention.weight"][4..] = eye(2, dtype: ScalarType.Float64);
            weights["layer.output.weight"].copy_(eye(2, dtype: ScalarType.Float64) / 2);
            weights["layer.norm1.weight"].fill_(Math.Sqrt(1e-5));
            weights["layer.norm2.weight"].fill_(Math.Sqrt(1e-5));
        }

        double[] a = [1e-7, -2e-7, 3e-7, 5e-8];
        Tensor q = tensor(a.SelectMany(value => new[] { value, -value }).ToArray()).reshape(1, 4, 2);
        using FixedPointMap map = transformer.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, transformer.StartingLatent(q), stopping: new() { AbsoluteTolerance = 1e-20, RelativeTolerance = 0, MaxSteps = 500 });
        double sum = 0;
        for (int token = 1; token <= a.Length; token++)
        {
            double expected = (a[token - 1] + (sum / (2 * token))) / (isShifted ? 1 : 1 - (0.5 / token));
            sum += expected;
            Assert.Equal(expected, solution.Latent[0, token - 1, 0].ToDouble(), 1e-13);
            Assert.Equal(-expected, solution.Latent[0, token - 1, 1].ToDouble(), 1e-13);
        }
    }

    [Fact]
    public void Whatever_the_weights_there_is_one_fixed_point_and_Picard_has_it_bit_by_bit_after_as_many_steps_as_tokens()
    {
        using DisposeScope scope = NewDisposeScope();
        using EquilibriumTransformer transformer = Create(isCausal: true, ScalarType.Float32);
        using (no_grad())
        {
            transformer.parameters().ToList().ForEach(weight => weight.mul_(20));
        }

        Tensor q = Normal(4, 7, Channels).to(ScalarType.Float32);
        using FixedPointMap map = transformer.Bind(q);
        using FixedPointSolution zero = FixedPoint.Solve(map, zeros_like(q), new PicardSolver(), Exact);
        using FixedPointSolution other = FixedPoint.Solve(map, Normal(4, 7, Channels).to(ScalarType.Float32) * 100, new PicardSolver(), Exact);
        Assert.All(zero.Report.Samples.Concat(other.Report.Samples), sample =>
        {
            Assert.Equal(SolveStatus.Converged, sample.Status);
            Assert.Equal(0, sample.Residual);
            Assert.InRange(sample.Steps, 2, 8);
        });
        Assert.True(zero.Latent.eq(other.Latent).all().ToBoolean());
    }

    [Theory]
    [InlineData(ScalarType.Float32, true)]
    [InlineData(ScalarType.Float64, true)]
    [InlineData(ScalarType.Float32, false)]
    public void Nothing_depends_on_what_comes_later_bit_by_bit_in_the_steps_of_Picard_and_to_1e_6_under_Anderson(
        ScalarType dtype, bool isShifted)
    {
        using DisposeScope scope = NewDisposeScope();
        using EquilibriumTransformer transformer = Create(isCausal: true, dtype, isShifted);
        Tensor q = Normal(2, 9, Channels).to(dtype);
        Tensor other = q.clone();
        other[.., 6..] = Normal(2, 3, Channels).to(dtype) * 3;
        using FixedPointMap map = transformer.Bind(q), changed = transformer.Bind(other);
        foreach (bool inGraph in new[] { true, false })
        {
            using IDisposable? noGraph = inGraph ? null : no_grad();
            Tensor u = transformer.StartingLatent(q), v = transformer.StartingLatent(other);
            for (int step = 0; step < 20; step++)
            {
                (u, v) = (map.Evaluate(u).detach(), changed.Evaluate(v).detach());
                Assert.True(u[.., ..6].eq(v[.., ..6]).all().ToBoolean());
            }

            Assert.False(u[.., 6..].eq(v[.., 6..]).all().ToBoolean());
        }

        StoppingRule rule = Tight with { AbsoluteTolerance = dtype == ScalarType.Float64 ? 1e-10 : 1e-6 };
        using FixedPointSolution first = FixedPoint.Solve(map, transformer.StartingLatent(q), new AndersonSolver(), rule);
        using FixedPointSolution second = FixedPoint.Solve(changed, transformer.StartingLatent(other), new AndersonSolver(), rule);
        Assert.True((first.Latent[.., ..6] - second.Latent[.., ..6]).abs().max().ToDouble() < 1e-6);
    }

    [Theory]
    [InlineData(ScalarType.Float32, true, 1e-5)]
    [InlineData(ScalarType.Float64, true, 1e-10)]
    [InlineData(ScalarType.Float64, false, 1e-10)]
    public void A_text_in_two_with_a_memory_is_the_text_in_one(ScalarType dtype, bool isShifted, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using EquilibriumTransformer transformer = Create(isCausal: true, dtype, isShifted);
        Tensor q = Normal(3, 10, Channels).to(dtype);
        Tensor whole = Solve(transformer, q, SequenceContext.None);
        Tensor first = q.narrow(1, 0, 6), second = q.narrow(1, 6, 4);
        SequenceMemory memory = new(Solve(transformer, first, SequenceContext.None), first);
        Tensor last = Solve(transformer, second, new SequenceContext { Memory = memory });
        Assert.True((whole - cat([memory.Latent, last], 1)).abs().max().ToDouble() < tolerance);

        // A memory that is cut is another past.
        SequenceMemory cut = memory.Then(new SequenceMemory(memory.Latent[.., ..0], first[.., ..0]), 2);
        Assert.Equal(2, cut.Tokens);
        Assert.True(cut.Latent.eq(memory.Latent[.., 4..]).all().ToBoolean());
        Assert.True((Solve(transformer, second, new SequenceContext { Memory = cut }) - last).abs().max().ToDouble() > 1e-3);
        Assert.Equal(8, memory.Then(cut, 100).Tokens);
    }

    [Fact]
    public void A_row_alone_is_the_row_in_a_batch_and_padding_changes_neither_latents_nor_residuals()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using EquilibriumTransformer transformer = Create(isCausal: false);
        Tensor q = Normal(3, 7, Channels);
        Tensor together = Solve(transformer, q, SequenceContext.None);
        Assert.True((Solve(transformer, q.narrow(0, 1, 1), SequenceContext.None) - together.narrow(0, 1, 1)).abs().max().ToDouble() < 1e-11);

        Tensor present = arange(7).lt(tensor(new long[] { 7, 4, 5 }).unsqueeze(1));
        Tensor spoiled = q.masked_fill(present.logical_not().unsqueeze(2), 1e3);
        Tensor padded = Solve(transformer, spoiled, new SequenceContext { Present = present });
        Assert.True((padded[0] - together[0]).abs().max().ToDouble() < 1e-11);
        Assert.Equal(0, padded[1, 4..].abs().max().ToDouble());
        Assert.True((padded[1, ..4] - Solve(transformer, q[1..2, ..4], SequenceContext.None)[0]).abs().max().ToDouble() < 1e-11);

        ResidualTrace withPadding = new(), without = new();
        using FixedPointMap map = transformer.Bind(spoiled[1..2], new SequenceContext { Present = present[1..2] });
        using FixedPointSolution solved = FixedPoint.Solve(map, zeros_like(q[1..2]), stopping: Tight, trace: withPadding);
        using FixedPointMap shorter = transformer.Bind(q[1..2, ..4]);
        using FixedPointSolution alone = FixedPoint.Solve(shorter, zeros_like(q[1..2, ..4]), stopping: Tight, trace: without);
        Assert.Equal(alone.Report.Samples[0].Steps, solved.Report.Samples[0].Steps);
        Assert.All(withPadding.Samples[0].Zip(without.Samples[0]), pair => Assert.Equal(pair.First.Residual, pair.Second.Residual, 1e-11));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_row_of_padding_alone_is_zeros_and_spoils_no_other(bool isCausal)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using EquilibriumTransformer transformer = Create(isCausal);
        Tensor q = Normal(2, 5, Channels), present = tensor(new[,] { { true, true, true, true, true }, { false, false, false, false, false } });
        Tensor padded = Solve(transformer, q, new SequenceContext { Present = present });
        Assert.Equal(0, padded[1].abs().max().ToDouble());
        Assert.True((padded[0] - Solve(transformer, q[..1], SequenceContext.None)[0]).abs().max().ToDouble() < 1e-11);
    }

    [Theory]
    [InlineData(ScalarType.Float16, 1e-2)]
    [InlineData(ScalarType.BFloat16, 6e-2)]
    [InlineData(ScalarType.Float32, 2e-6)]
    public void Less_precise_weights_have_the_fixed_points_of_float64_but_for_rounding(ScalarType dtype, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using EquilibriumTransformer exact = Create(isCausal: true), transformer = Create(isCausal: true);
        Tensor q = Normal(2, 6, Channels);
        Tensor expected = Solve(exact, q, SequenceContext.None);
        transformer.to(dtype);
        using FixedPointMap map = transformer.Bind(q.to(dtype));
        using FixedPointSolution solution = FixedPoint.Solve(map, transformer.StartingLatent(q.to(dtype)), new PicardSolver(), Exact);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.Equal(dtype, solution.Latent.dtype);
        Assert.InRange((solution.Latent.to(ScalarType.Float64) - expected).abs().max().ToDouble(), 0, tolerance * expected.abs().max().ToDouble());
    }

    [Fact]
    public void Picard_Anderson_and_Broyden_find_the_same_fixed_points()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using EquilibriumTransformer transformer = Create(isCausal: true);
        Tensor q = Normal(3, 8, Channels);
        Tensor picard = Solve(transformer, q, SequenceContext.None);
        foreach (FixedPointSolver solver in new FixedPointSolver[] { new AndersonSolver(), new BroydenSolver { Memory = 3 } })
        {
            using FixedPointMap map = transformer.Bind(q);
            using FixedPointSolution solution = FixedPoint.Solve(map, transformer.StartingLatent(q), solver, Tight);
            Assert.True(solution.Report.AllConverged, solution.Report.ToString());
            Assert.True((solution.Latent - picard).abs().max().ToDouble() < 1e-10);
        }
    }

    [Theory]
    [InlineData("implicit", 1e-6)]
    [InlineData("phantom", 1e-6)]
    public void Gradients_of_every_weight_of_q_and_of_the_memory_are_finite_differences(string name, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        using EquilibriumTransformer transformer = Create(isCausal: true);
        Tensor q = Normal(2, 5, Channels).requires_grad_(), slope = Normal(2, 5, Channels);
        Tensor before = Normal(2, 3, Channels).requires_grad_(), encoded = Normal(2, 3, Channels).requires_grad_();
        Tensor[] all = [.. transformer.parameters(), q, before, encoded];
        SolveSettings settings = new()
        {
            Stopping = Tight,
            Gradient = name == "implicit"
                ? new ImplicitGradient { Solver = new GmresSolver { MaxProducts = 400 }, RelativeTolerance = 1e-13 }
                : new PhantomGradient { Steps = 60, Damping = 1 },
        };
        Tensor[] found = [.. VectorProducts.TransposeProducts(Loss(), all, tensor(1.0, ScalarType.Float64)).Select(gradient => gradient!)];
        foreach ((Tensor value, Tensor gradient) in all.Zip(found))
        {
            Tensor along = randn_like(value), kept = value.detach().clone();
            double central = (At(1e-5) - At(-1e-5)) / 2e-5, expected = (gradient * along).sum().ToDouble();
            Assert.True(Math.Abs(central - expected) <= tolerance * (1 + Math.Abs(expected)), $"central difference {central:g10}, gradient {expected:g10}");

            double At(double step)
            {
                using IDisposable noGraph = no_grad();
                value.copy_(kept + (along * step));
                double loss = Loss().ToDouble();
                value.copy_(kept);
                return loss;
            }
        }

        Tensor Loss()
        {
            using FixedPointMap map = transformer.Bind(q, new SequenceContext { Memory = new SequenceMemory(before, encoded) });
            return (Implicit.Solve(map, zeros_like(q), settings) * slope).pow(2).sum();
        }
    }

    [Fact]
    public void JFB_is_the_gradient_of_one_step_and_second_derivatives_are_finite_differences()
    {
        using DisposeScope scope = NewDisposeScope();
        using EquilibriumTransformer transformer = Create(isCausal: true);
        Tensor q = Normal(1, 4, Channels).requires_grad_(), slope = Normal(1, 4, Channels);
        using ImplicitLayer layer = new(transformer) { Stopping = Tight, Gradient = new JacobianFreeGradient() };
        Tensor one = tensor(1.0, ScalarType.Float64);
        Tensor[] all = [.. transformer.parameters(), q];
        Tensor latent = layer.call(q).detach();
        Tensor[] found = [.. VectorProducts.TransposeProducts((layer.call(q) * slope).sum(), all, one).Select(gradient => gradient!)];
        Tensor[] expected = [.. VectorProducts.TransposeProducts((transformer.call(latent, q) * slope).sum(), all, one).Select(gradient => gradient!)];
        Assert.All(found.Zip(expected), pair => Assert.True((pair.First - pair.Second).abs().max().ToDouble() < 1e-9));

        // d/dq of |dL/dq|^2, the gradient of the fixed point.
        layer.Gradient = new ImplicitGradient { RelativeTolerance = 1e-13 };
        Tensor along = randn_like(q);
        Tensor second = VectorProducts.TransposeProduct(Slope(q, createGraph: true).square().sum(), q, one);
        double central = (At(1e-4) - At(-1e-4)) / 2e-4, product = (second * along).sum().ToDouble();
        Assert.True(Math.Abs(central - product) <= 1e-5 * (1 + Math.Abs(product)), $"central difference {central:g10}, second derivative {product:g10}");

        Tensor Slope(Tensor at, bool createGraph) =>
            VectorProducts.TransposeProduct((layer.call(at) * slope).pow(2).sum(), at, one, createGraph);

        double At(double step) => Slope((q + (along * step)).detach().requires_grad_(), createGraph: false).square().sum().ToDouble();
    }

    [Fact]
    public void Dropout_draws_its_masks_once_a_solve_and_none_in_evaluation()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using EquilibriumTransformer transformer = new(Channels, Heads, 8, dropout: 0.5, dtype: ScalarType.Float64);
        Tensor q = Normal(2, 6, Channels), u = Normal(2, 6, Channels);
        using FixedPointMap map = transformer.Bind(q), again = transformer.Bind(q);
        Assert.True(map.Evaluate(u).eq(map.Evaluate(u)).all().ToBoolean());
        Assert.False(map.Evaluate(u).eq(again.Evaluate(u)).all().ToBoolean());
        Assert.Equal([0.0, 2.0], map.Inputs.PerSample[^1].unique(true, false, false, null).Item1.data<double>().ToArray());
        transformer.eval();
        using FixedPointMap evaluation = transformer.Bind(q), other = transformer.Bind(q);
        Assert.True(evaluation.Evaluate(u).eq(other.Evaluate(u)).all().ToBoolean());
    }

    [Fact]
    public void What_is_none_is_refused_in_one_line()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>("channels", () => new EquilibriumTransformer(0, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>("heads", () => new EquilibriumTransformer(4, 3, 1));
        Assert.Throws<ArgumentOutOfRangeException>("feedForward", () => new EquilibriumTransformer(4, 2, 0));
        Assert.Throws<ArgumentOutOfRangeException>("reach", () => new EquilibriumTransformer(4, 2, 1, reach: 0));
        Assert.Throws<ArgumentException>("isShifted", () => new EquilibriumTransformer(4, 2, 1, isCausal: false, isShifted: true));
        Assert.Throws<ArgumentOutOfRangeException>("dropout", () => new EquilibriumTransformer(4, 2, 1, dropout: 1));
        using EquilibriumTransformer transformer = new(4, 2, 8);
        Assert.Throws<ArgumentException>("q", () => transformer.Bind(zeros(2, 4)));
        Assert.Throws<ArgumentException>("q", () => transformer.Bind(zeros(2, 3, 5)));
        Assert.Throws<ArgumentException>("q", () => transformer.Bind(zeros([2, 3, 4], ScalarType.Float64)));
        Tensor q = zeros(2, 3, 4);
        Refuses(new SequenceContext { Present = zeros(2, 4, dtype: ScalarType.Bool) }, "[2, 3] Bool");
        Refuses(new SequenceContext { Present = zeros(2, 3) }, "[2, 3] Float32");
        Refuses(new SequenceContext { Memory = new SequenceMemory(zeros(1, 3, 4), zeros(1, 3, 4)) }, "[1, 3, 4]");
        Assert.Throws<ArgumentException>("encoded", () => new SequenceMemory(zeros(2, 3, 4), zeros(2, 2, 4)));
        Assert.Throws<ArgumentException>(
            "next", () => new SequenceMemory(q, q).Then(new SequenceMemory(zeros(1, 3, 4), zeros(1, 3, 4)), 2));
        Assert.Equal([0, 3, 4], transformer.call(zeros(0, 3, 4), zeros(0, 3, 4)).shape);
        Assert.Equal([2, 0, 4], transformer.call(zeros(2, 0, 4), zeros(2, 0, 4)).shape);

        void Refuses(SequenceContext context, string said) => Assert.Contains(
            said, Assert.Throws<ArgumentException>(nameof(context), () => transformer.Bind(q, context)).Message, StringComparison.Ordinal);
    }

    private static EquilibriumTransformer Create(bool isCausal, ScalarType dtype = ScalarType.Float64, bool? isShifted = null)
    {
        random.manual_seed(41);
        EquilibriumTransformer transformer = new(Channels, Heads, 8, isCausal, isShifted, Reach, dtype: dtype);
        using IDisposable noGraph = no_grad();
        foreach ((string name, Tensor weight) in transformer.state_dict())
        {
            // Norms and biases of distances other than those they begin with; attention as strong as R still contracts.
            weight.copy_(name.EndsWith("norm1.weight", StringComparison.Ordinal) || name.EndsWith("norm2.weight", StringComparison.Ordinal)
                ? 1 + (randn_like(weight) * 0.2)
                : name.StartsWith("distances", StringComparison.Ordinal) ? randn_like(weight) : weight * 0.8);
        }

        return transformer;
    }

    private static Tensor Solve(EquilibriumTransformer transformer, Tensor q, SequenceContext context)
    {
        using FixedPointMap map = transformer.Bind(q, context);
        StoppingRule rule = q.dtype == ScalarType.Float64 ? Tight : Tight with { AbsoluteTolerance = 1e-6 };
        using FixedPointSolution solution = FixedPoint.Solve(map, transformer.StartingLatent(q), new PicardSolver(), rule);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        return solution.Latent.alias();
    }

    private static Tensor Normal(params long[] shape) => randn(shape, ScalarType.Float64);

    private static double[][] Rows(Tensor matrix) =>
        [.. Enumerable.Range(0, (int)matrix.shape[0]).Select(row => matrix[row].detach().contiguous().data<double>().ToArray())];
}
