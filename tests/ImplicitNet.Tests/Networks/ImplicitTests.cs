using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Gradients;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

/// <summary>One call from a function to attached fixed points: against closed forms, finite differences and the layer.</summary>
public sealed class ImplicitTests : TensorTest
{
    private static readonly SolveSettings Tight = new()
    {
        Solver = new BroydenSolver { KeepInverse = true },
        Stopping = new StoppingRule { RelativeTolerance = 1e-13, MaxSteps = 400 },
        Gradient = new ImplicitGradient { RelativeTolerance = 1e-13 },
    };

    public static TheoryData<string> Solvers => ["picard", "anderson", "broyden", "newton", "chain"];

    [Fact]
    public void Two_and_three_linear_latents_are_those_of_dense_algebra_and_so_are_their_gradients()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        (Tensor a, Tensor b) = (Leaf(0.4 * randn(3, 2, ScalarType.Float64)), Leaf(0.4 * randn(2, 3, ScalarType.Float64)));
        (Tensor p, Tensor r) = (Leaf(randn(4, 2, ScalarType.Float64)), Leaf(randn(4, 3, ScalarType.Float64)));
        (Tensor x, Tensor z) = Implicit.Solve((x, z) => (z.mm(a) + p, x.mm(b) + r), (zeros_like(p), zeros_like(r)), Tight, out SolveReport report);
        Tensor exactX = (r.mm(a) + p).mm(linalg.inv(eye(2, dtype: ScalarType.Float64) - b.mm(a)));
        Tensor exactZ = exactX.mm(b) + r;
        Assert.Equal(4, report.Samples.Count);
        AssertSame(exactX, x);
        AssertSame(exactZ, z);
        AssertSameGradients((x.square().sum() + z.sin().sum()), exactX.square().sum() + exactZ.sin().sum(), a, b, p, r);

        // c = -c / 2 + the sum of x: a latent of one number a sample.
        Tensor[] found = Implicit.Solve(
            u => [u[1].mm(a) + p, u[0].mm(b) + r, u[0].sum(1) - (u[2] * 0.5)], [zeros_like(p), zeros_like(r), zeros(4, ScalarType.Float64)], Tight);
        Assert.Equal([4L], found[2].shape);
        AssertSame(exactX.sum(1) / 1.5, found[2]);
        AssertSameGradients(found[2].square().sum(), (exactX.sum(1) / 1.5).square().sum(), a, b, p, r);
    }

    [Theory]
    [MemberData(nameof(GradientCases.Names), MemberType = typeof(GradientCases))]
    public void Every_gradient_is_that_of_the_layer_whether_q_is_captured_or_given(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        Problem problem = new();
        SolveSettings settings = Tight with { Gradient = GradientCases.Get(name) };
        using ImplicitLayer layer = new(problem.Operator());
        Tensor[] expected = problem.Gradients(layer.Run(problem.Q, settings).Output);
        AssertSame(expected, problem.Gradients(Implicit.Solve(problem.Map, zeros_like(problem.Q), problem.Q, settings)));
        AssertSame(expected, problem.Gradients(Implicit.Solve(u => problem.Map(u, problem.Q), zeros_like(problem.Q), settings)));
        AssertSame(expected, problem.Gradients(Implicit.Solve((u, given) => problem.Map(u, given[0]), zeros_like(problem.Q), [problem.Q], settings)));
        AssertSame(expected, problem.Gradients(Implicit.Solve((u, given) => [problem.Map(u[0], given[0])], [zeros_like(problem.Q)], [problem.Q], settings)[0]));
    }

    [Theory]
    [InlineData("implicit")]
    [InlineData("unrolled")]
    public void Exact_gradients_are_finite_differences(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Problem problem = new();
        SolveSettings settings = Tight with { Gradient = GradientCases.Get(name) };
        Tensor[] found = problem.Gradients(Implicit.Solve(u => problem.Map(u, problem.Q), zeros_like(problem.Q), settings));
        using IDisposable noGraph = no_grad();
        foreach ((Tensor leaf, Tensor gradient) in new[] { (problem.W, found[0]), (problem.Q, found[1]) })
        {
            Tensor along = randn_like(leaf);
            double Loss(double step)
            {
                using Tensor before = leaf.clone();
                leaf.add_(along * step);
                double loss = Implicit.Solve(u => problem.Map(u, problem.Q), zeros_like(problem.Q), settings).square().sum().ToDouble();
                leaf.copy_(before);
                return loss;
            }

            Assert.Equal((Loss(1e-5) - Loss(-1e-5)) / 2e-5, (gradient * along).sum().ToDouble(), 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Samples_that_finish_at_different_times_keep_the_tensors_of_their_own_that_a_function_captures(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        SolveSettings settings = Tight with { Solver = Solver(name), Stopping = new StoppingRule { RelativeTolerance = 1e-10, MaxSteps = 2000 }, Gradient = new ImplicitGradient() };
        Tensor factors = Leaf(linspace(0.02, 0.95, 64, ScalarType.Float64).unsqueeze(1));
        Tensor q = Leaf(randn(64, 4, ScalarType.Float64));
        HashSet<long> rows = [];
        Tensor captured = Implicit.Solve(
            u =>
            {
                rows.Add(u.shape[0]);
                return ((u * factors) + q).tanh();
            },
            zeros_like(q).detach(),
            settings,
            out SolveReport report);
        using PerSampleMap map = new((u, given) => ((u * given.PerSample[0]) + given.PerSample[1]).tanh(), new MapInputs { PerSample = [factors, q] });
        Tensor given = Implicit.Solve(map, zeros_like(q).detach(), settings, out SolveReport expected);
        Assert.Equal([64], rows);
        Assert.Equal(expected.Samples, report.Samples);
        Assert.True(report.Samples.Min(sample => sample.Steps) < report.Samples.Max(sample => sample.Steps));
        Assert.True(captured.allclose(given, rtol: 1e-12, atol: 1e-12));
        AssertSameGradients(captured.square().sum(), given.square().sum(), factors, q);
    }

    [Fact]
    public void A_picture_in_channels_last_memory_is_solved_where_it_lies()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        Tensor kernel = Leaf(0.1 * randn(3, 3, 3, 3, ScalarType.Float64));
        Tensor q = randn(4, 6, 6, 3, ScalarType.Float64).permute(0, 3, 1, 2);
        Tensor Map(Tensor u, Tensor given) => (nn.functional.conv2d(u, kernel, padding: [1, 1]) + given).tanh();
        Tensor last = Implicit.Solve(u => Map(u, q), zeros(4, 6, 6, 3, ScalarType.Float64).permute(0, 3, 1, 2), Tight);
        Tensor first = Implicit.Solve(Map, zeros(4, 3, 6, 6, ScalarType.Float64), q.contiguous(), Tight);
        Assert.True(last.allclose(first, rtol: 1e-10, atol: 1e-10));
        AssertSameGradients(last.square().sum(), first.square().sum(), kernel);
    }

    [Fact]
    public void A_coupled_map_is_one_system()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        Tensor graph = 0.5 * softmax(randn(5, 5, ScalarType.Float64), 1);
        Tensor q = Leaf(randn(5, 2, ScalarType.Float64));
        using CoupledMap map = new((u, inputs) => graph.mm(u) + inputs.Shared[0], new MapInputs { Shared = [q] });
        Tensor found = Implicit.Solve(map, zeros_like(q), Tight, out SolveReport report);
        Tensor exact = linalg.inv(eye(5, dtype: ScalarType.Float64) - graph).mm(q);
        AssertSame(exact, found);
        Assert.Single(report.Samples.Distinct());
        AssertSameGradients(found.square().sum(), exact.square().sum(), q);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_batch_of_one_and_of_none(int batch)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor w = Leaf(tensor(new[,] { { 0.5 } }));
        Tensor q = Leaf(ones(batch, 1, ScalarType.Float64));
        Tensor u = Implicit.Solve(u => u.mm(w) + q, zeros_like(q), Tight, out SolveReport report);
        (Tensor x, Tensor z) = Implicit.Solve((x, z) => (z.mm(w) + q, x.mm(w) + q), (zeros_like(q), zeros_like(q)), Tight);
        Assert.Equal(batch, report.Samples.Count);
        Assert.All(new[] { u, x, z }, each => AssertSame(full_like(q, 2).detach(), each));
        (u.sum() + x.sum() + z.sum()).backward();
        Assert.Equal(3 * batch * 4, w.grad!.ToDouble(), 1e-9);
    }

    [Fact]
    public void Failure_is_an_exception_unless_the_policy_is_another()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor factors = tensor([0.5, 1.5, 0.25]).unsqueeze(1);
        Tensor w = Leaf(tensor(1.0));
        Tensor Map(Tensor u) => (u * factors * w) + 1;
        SolveSettings settings = new() { Gradient = new ImplicitGradient() };
        Assert.Equal(3, Assert.Throws<FixedPointException>(() => Implicit.Solve(Map, zeros(3, 1, ScalarType.Float64))).Report.Samples.Count);
        List<SolveReport> warned = [];
        Implicit.Solve(Map, zeros(3, 1, ScalarType.Float64), settings with { OnFailure = new WarnOnFailure { Warn = warned.Add } }).Dispose();
        Assert.Single(warned);

        // The one that diverges sends nothing: 1 / (1 - f w) has the derivative f / (1 - f w)^2.
        using SolveScope told = new(penalty: new JacobianPenalty());
        Tensor u = Implicit.Solve(Map, zeros(3, 1, ScalarType.Float64), settings with { OnFailure = new MaskFailures() });
        told.Average(u.squeeze(1)).backward();
        Assert.Equal([true, false, true], told.Solves[0].Included);
        Assert.Equal((2 + (0.25 / 0.5625)) / 2, w.grad!.ToDouble(), 1e-4);
        Assert.Equal(0, told.Solves[0].Penalties![1].ToDouble());
    }

    [Fact]
    public void A_sample_that_is_not_a_number_is_left_out_where_it_is_given()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor w = Leaf(tensor(new[,] { { 0.5 } }));
        Tensor q = tensor(new[,] { { 1.0 }, { double.NaN } });
        SolveSettings masked = Tight with { OnFailure = new MaskFailures() };
        Tensor u = Implicit.Solve((u, given) => u.mm(w) + given, zeros_like(q), q, masked);
        u.sum().backward();
        Assert.Equal(4, w.grad!.ToDouble(), 1e-9);
        w.grad!.zero_();
        Tensor none = Implicit.Solve(u => u.mm(w) + q + double.NaN, zeros_like(q), masked, out SolveReport report);
        none.sum().backward();
        Assert.Equal((2, 0.0), (report.Count(SolveStatus.NonFinite), w.grad.ToDouble()));
    }

    [Fact]
    public void Without_gradients_nothing_is_attached_and_a_scope_is_told_all_the_same()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor w = Leaf(tensor(new[,] { { 0.5 } }));
        using SolveScope told = new(settings => settings with { Stopping = new StoppingRule { RelativeTolerance = 1e-3 } }, start: _ => StartingPoint.From(own => own + 2));
        using (no_grad())
        {
            Assert.False(Implicit.Solve(u => u.mm(w) + 1, zeros(2, 1, ScalarType.Float64)).requires_grad);
        }

        using (inference_mode())
        {
            Implicit.Solve(u => u.mm(w) + 1, zeros(2, 1, ScalarType.Float64)).Dispose();
        }

        Assert.All(told.Solves, solve => Assert.True(solve.Layer is null && solve.Report.MaxSteps == 1 && solve.Settings.Stopping.RelativeTolerance == 1e-3));
        Assert.Equal(2, told.Solves.Count);
    }

    [Theory]
    [MemberData(nameof(GradientCases.Names), MemberType = typeof(GradientCases))]
    public void Whole_numbers_may_belong_to_samples(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        Problem problem = new();
        SolveSettings settings = Tight with { Gradient = GradientCases.Get(name) };
        Tensor rows = arange(4, ScalarType.Int64).flip(0);
        Tensor[] expected = problem.Gradients(Implicit.Solve(problem.Map, zeros_like(problem.Q), problem.Q.index_select(0, rows), settings));
        foreach (IReadOnlyList<Tensor>? parameters in new[] { null, new[] { problem.W, problem.Q } })
        {
            using PerSampleMap map = new(
                (u, inputs) => problem.Map(u, problem.Q.index_select(0, inputs.PerSample[0])), new MapInputs { PerSample = [rows], Parameters = parameters });
            AssertSame(expected, problem.Gradients(Implicit.Solve(map, zeros_like(problem.Q), settings)));
        }
    }

    [Fact]
    public void What_is_no_problem_is_refused_in_one_line()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor start = zeros(2, 3);
        string[] said =
        [
            Refused(() => Implicit.Solve(u => u, zeros(2, 3, int64))),
            Refused(() => Implicit.Solve(u => null!, start)),
            Refused(() => Implicit.Solve(u => u.sum(1), start)),
            Refused(() => Implicit.Solve(u => u.mm(ones(5, 5)), start)),
            Refused(() => Implicit.Solve((x, z) => (x, z), (start, zeros(3, 3)))),
            Refused(() => Implicit.Solve((x, z) => (x, z), (start, zeros(2, 3, ScalarType.Float64)))),
            Refused(() => Implicit.Solve((x, z) => (x, x.sum(1)), (start, start))),
            Refused(() => Implicit.Solve(u => null!, new[] { start })),
            Refused(() => Implicit.Solve(u => u, Array.Empty<Tensor>())),
        ];
        Assert.All(said, line => Assert.DoesNotContain('\n', line));
        Assert.Contains("[2, 3] Float32", said[3], StringComparison.Ordinal);
        Assert.Contains("[3, 3] Float32", said[4], StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => Implicit.Solve((Func<Tensor, Tensor>)null!, start));
        Assert.Throws<ArgumentNullException>(() => Implicit.Solve(u => u, (Tensor)null!));
    }

    [Fact]
    public void No_tensor_is_left_behind_and_a_constant_may_be_returned()
    {
        Tensor constant = ones(2, 3);
        Tensor start = zeros(2, 3);
        long before = Live;
        using (SolveScope told = new(penalty: new JacobianPenalty()))
        {
            Implicit.Solve(u => constant, start).Dispose();
            Implicit.Solve(u => (u * 0.5f) + constant, start).Dispose();
            (Tensor x, Tensor z) = Implicit.Solve((x, z) => (constant, x * 0.5f), (start, start));
            x.Dispose();
            z.Dispose();
            using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(3, 3), 0.7));
            layer.call(constant).Dispose();
        }

        Assert.Equal(before, Live);
        constant.Dispose();
        start.Dispose();
    }

    private static string Refused(Func<object> call) => Assert.Throws<ArgumentException>(call).Message;

    private static FixedPointSolver Solver(string name) => name switch
    {
        "picard" => new PicardSolver(),
        "anderson" => new AndersonSolver(),
        "broyden" => new BroydenSolver(),
        "newton" => new NewtonKrylovSolver(),
        _ => new SolverChain { Solvers = [new PicardSolver { Damping = 0.9 }, new NewtonKrylovSolver()] },
    };

    private static Tensor Leaf(Tensor value) => value.detach().requires_grad_();

    private static void AssertSame(Tensor expected, Tensor found) => Assert.True(expected.allclose(found, rtol: 1e-9, atol: 1e-9), $"{expected.numel()}: {(expected - found).abs().sum().ToDouble()} apart in sum");

    private static void AssertSame(Tensor[] expected, Tensor[] found)
    {
        foreach ((Tensor first, Tensor second) in expected.Zip(found))
        {
            AssertSame(first, second);
        }
    }

    private static void AssertSameGradients(Tensor found, Tensor expected, params Tensor[] leaves)
    {
        IReadOnlyList<Tensor?> own = VectorProducts.TransposeProducts(found, leaves, ones_like(found));
        IReadOnlyList<Tensor?> exact = VectorProducts.TransposeProducts(expected, leaves, ones_like(expected));
        Assert.All(own.Zip(exact), pair => Assert.True(
            pair.First!.allclose(pair.Second!, rtol: 1e-7, atol: 1e-7), $"{(pair.First! - pair.Second!).abs().sum().ToDouble()} apart in sum"));
    }

    private sealed class Problem
    {
        public Tensor W { get; } = Leaf(0.25 * randn(5, 5, ScalarType.Float64));

        public Tensor Q { get; } = Leaf(randn(4, 5, ScalarType.Float64));

        public Tensor Map(Tensor u, Tensor q) => (u.mm(W) + q).tanh();

        public LatentOperator Operator() => new OwnOperator(this);

        public Tensor[] Gradients(Tensor latent) =>
            [.. VectorProducts.TransposeProducts(latent.square().sum(), [W, Q], ones(dtype: ScalarType.Float64, size: [])).Select(each => each!)];

        private sealed class OwnOperator(Problem problem) : LatentOperator(nameof(OwnOperator))
        {
            public override FixedPointMap Bind(Tensor q) => new PerSampleMap(problem.Map, q);

            public override Tensor StartingLatent(Tensor q) => zeros_like(q).detach();
        }
    }
}
