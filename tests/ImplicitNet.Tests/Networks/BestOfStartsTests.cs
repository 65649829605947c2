using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

/// <summary>Of several starts each sample has the answer that converged, then that with the smallest residual.</summary>
public sealed class BestOfStartsTests : TensorTest
{
    public static TheoryData<string> Solvers => ["picard", "anderson", "broyden", "newton", "chain"];

    [Fact]
    public void A_sample_that_runs_away_from_one_start_has_the_answer_of_another()
    {
        using DisposeScope scope = NewDisposeScope();

        // u^2 has the fixed points 0 and 1: from 0.5 it falls to the one, from 2 it runs away.
        Tensor own = tensor([0.5, 2.0, -0.25]).unsqueeze(1);
        BestOfStarts solver = new() { Starts = [StartingPoint.From(start => full_like(start, 0.75)), StartingPoint.From(start => start * 3)] };
        Tensor found = Implicit.Solve(u => u * u, own, new SolveSettings { Solver = solver, Stopping = new StoppingRule { AbsoluteTolerance = 1e-9 } }, out SolveReport report);
        Assert.True(report.AllConverged);
        Assert.InRange(found.abs().max().ToDouble(), 0, 1e-4);
        Assert.True(report.Evaluations >= report.Samples.Sum(sample => sample.Steps));
        Assert.Throws<FixedPointException>(() => Implicit.Solve(u => u * u, own));
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Of_answers_that_did_not_converge_the_one_with_the_smallest_residual_is_taken(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        FixedPointSolver inner = Solver(name);
        Tensor w = 0.35 * randn(6, 6, ScalarType.Float64), q = randn(40, 6, ScalarType.Float64);
        StartingPoint[] starts = [StartingPoint.Zero, new RandomStart { Samples = [.. Enumerable.Range(0, 40)] }, new RandomStart { Seed = 3, Deviation = 3 }];
        StoppingRule stopping = new() { RelativeTolerance = 0.02, MaxSteps = 4 };
        using PerSampleMap map = new((u, q) => (u.mm(w) + q).tanh(), q);
        FixedPointSolution[] alone = [.. starts.Select(start => FixedPoint.Solve(map, start.Of(zeros_like(q)), inner, stopping))];
        using FixedPointSolution best = FixedPoint.Solve(map, zeros_like(q), new BestOfStarts { Solver = inner, Starts = starts[1..] }, stopping);
        HashSet<int> taken = [];
        for (int sample = 0; sample < 40; sample++)
        {
            int expected = Enumerable.Range(0, 3).OrderBy(i => alone[i].Report.Samples[sample].Status == SolveStatus.Converged ? 0 : 1)
                .ThenBy(i => alone[i].Report.Samples[sample].Residual).First();
            taken.Add(expected);
            Assert.Equal(alone[expected].Report.Samples[sample], best.Report.Samples[sample]);
            Assert.Equal(alone[expected].Latent[sample].data<double>().ToArray(), best.Latent[sample].data<double>().ToArray());
            if (name == "broyden")
            {
                Assert.True(alone[expected].Inverse!.Apply(q)[sample].allclose(best.Inverse!.Apply(q)[sample]));
            }
        }

        Assert.Equal(3, taken.Count);
        Assert.Equal(alone.Sum(each => each.Report.Evaluations), best.Report.Evaluations);
        Array.ForEach(alone, each => each.Dispose());
    }

    [Fact]
    public void What_converged_comes_before_a_smaller_residual_that_did_not()
    {
        using DisposeScope scope = NewDisposeScope();

        // Near 0 the residual is always 0.01, and too large; near 100 a residual of 0.02 is small enough.
        using PerSampleMap map = new(u => where(u < 10, u + 0.01, (u + 100) / 2));
        StoppingRule stopping = new() { RelativeTolerance = 1e-3, MaxSteps = 3 };
        foreach ((double own, double other) in ((double, double)[])[(0, 100.04), (100.04, 0)])
        {
            BestOfStarts solver = new() { Starts = [StartingPoint.From(start => full_like(start, other))] };
            using FixedPointSolution found = FixedPoint.Solve(map, full(2, 1, own, ScalarType.Float64), solver, stopping);
            Assert.True(found.Report.AllConverged);
            Assert.Equal([100.04, 100.04], found.Latent.data<double>().ToArray());
        }
    }

    [Theory]
    [InlineData(0.2, 1e-30)]
    [InlineData(0.9, 1e-3)]
    public void A_coupled_map_has_one_answer(double first, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();

        // The mean of tanh(3 u) goes to -1 or 1 with the sign of the start; a start at 0 stays there, with residual 0.
        using CoupledMap map = new(u => (u.mean([0], keepdim: true) * 3).tanh().expand(u.shape).clone());
        BestOfStarts solver = new() { Starts = [StartingPoint.From(own => own * 0)] };
        using FixedPointSolution found = FixedPoint.Solve(map, full(4, 1, first, ScalarType.Float64), solver, new StoppingRule { RelativeTolerance = tolerance, MaxSteps = 3 });
        Assert.Single(found.Report.Samples.Distinct());
        Assert.Equal(0, found.Report.Samples[0].Residual);
        Assert.All(found.Latent.data<double>().ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Layers_deep_inside_a_model_take_it_from_a_scope_and_their_gradients_are_right()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        using nn.Module<Tensor, Tensor> model = nn.Sequential(
            nn.Linear(4, 5), new ImplicitLayer(new ContractionOperator(new BoundedLinear(5, 5), 0.8)) { Solver = new BroydenSolver { KeepInverse = true }, Gradient = new InverseReuseGradient() });
        Tensor data = randn(6, 4).requires_grad_();
        using SolveScope tight = new(settings => settings with { Stopping = new StoppingRule { RelativeTolerance = 1e-6 }, Gradient = new ImplicitGradient() });
        model.call(data).sum().backward();
        Tensor expected = data.grad!.clone();
        data.grad!.zero_();
        using SolveScope best = new(settings => settings with { Solver = new BestOfStarts { Solver = settings.Solver } });
        model.call(data).sum().backward();
        Assert.IsType<BestOfStarts>(Assert.Single(best.Solves).Settings.Solver);
        Assert.True(best.Solves[0].Report.AllConverged);
        Assert.True(expected.allclose(data.grad, rtol: 1e-4, atol: 1e-4));
        using SolveScope reuse = new(settings => settings with { Gradient = new InverseReuseGradient() });
        data.grad.zero_();
        model.call(data).sum().backward();
        Assert.InRange((expected - data.grad).norm().ToDouble() / expected.norm().ToDouble(), 0, 0.5);
    }

    [Fact]
    public void Bad_options_are_refused_and_equal_ones_are_equal()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(new BestOfStarts(), new BestOfStarts());
        Assert.Equal(new BestOfStarts { Starts = [new RandomStart { Seed = 4 }] }, new BestOfStarts { Starts = [new RandomStart { Seed = 4 }] });
        Assert.NotEqual(new BestOfStarts { Starts = [new RandomStart { Seed = 4 }] }, new BestOfStarts { Starts = [new RandomStart { Seed = 5 }] });
        Assert.Equal((new PicardSolver(), 2), (new BestOfStarts().Solver, new BestOfStarts().Starts.Count));
        Assert.Throws<ArgumentNullException>(() => new BestOfStarts { Solver = null! });
        Assert.Throws<ArgumentException>(() => new BestOfStarts { Solver = new BestOfStarts() });
        Assert.Throws<ArgumentException>(() => new BestOfStarts { Starts = [] });
        Assert.Throws<ArgumentException>(() => new BestOfStarts { Starts = [null!] });
        using PerSampleMap map = new(u => u * 0.5);
        BestOfStarts wrong = new() { Starts = [StartingPoint.From(_ => zeros(3, 2))] };
        Assert.Contains("[3, 2]", Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, zeros(2, 2), wrong)).Message, StringComparison.Ordinal);
        using FixedPointSolution empty = FixedPoint.Solve(map, zeros(0, 2), new BestOfStarts());
        Assert.Equal([0L, 2L], empty.Latent.shape);
    }

    private static FixedPointSolver Solver(string name) => name switch
    {
        "picard" => new PicardSolver(),
        "anderson" => new AndersonSolver(),
        "broyden" => new BroydenSolver { KeepInverse = true },
        "newton" => new NewtonKrylovSolver(),
        _ => new SolverChain { Solvers = [new PicardSolver { Damping = 0.5 }, new AndersonSolver()] },
    };
}
