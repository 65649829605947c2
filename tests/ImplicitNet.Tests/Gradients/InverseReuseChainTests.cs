using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>The inverse of a Broyden solve of which another solver went on with some samples.</summary>
public sealed class InverseReuseChainTests : TensorTest
{
    private static readonly BroydenSolver Broyden = new() { KeepInverse = true, Memory = 40 };

    // Broyden's first solver has too few steps for the second sample, which contracts by 0.97 where the others do by 0.2.
    private static readonly StoppingRule Stopping = new() { AbsoluteTolerance = 1e-10, MaxSteps = 12 };

    [Fact]
    public void Samples_that_converged_keep_their_inverse_and_the_others_have_that_of_the_solver_that_went_on()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = Map(out Tensor q);
        using FixedPointSolution alone = FixedPoint.Solve(map, zeros_like(q), Broyden, Stopping);
        int[] failed = [.. Enumerable.Range(0, 4).Where(i => alone.Report.Samples[i].Status != SolveStatus.Converged)];
        Assert.Equal([1], failed);
        foreach (FixedPointSolver second in new FixedPointSolver[] { new PicardSolver(), new BroydenSolver { KeepInverse = true, Damping = 0.5, Memory = 60 }, new NewtonKrylovSolver() })
        {
            using FixedPointSolution chained = FixedPoint.Solve(map, zeros_like(q), new SolverChain { Solvers = [Broyden, second] }, Stopping);
            Assert.Single(chained.Report.Changes);
            Tensor v = randn_like(q);
            Tensor expected = alone.Inverse!.ApplyTransposed(v);
            Tensor found = chained.Inverse!.ApplyTransposed(v);
            foreach (int sample in new[] { 0, 2, 3 })
            {
                Assert.True(found[sample].allclose(expected[sample], 1e-12, 1e-12), $"{second}, sample {sample}");
            }

            if (second is BroydenSolver)
            {
                using FixedPointMap restricted = map.Restrict(tensor(new long[] { 1 }));
                using FixedPointSolution again = FixedPoint.Solve(restricted, alone.Latent.narrow(0, 1, 1), second, Stopping);
                bool isTaken = chained.Report.Samples[1].Residual < alone.Report.Samples[1].Residual;
                Tensor own = isTaken ? again.Inverse!.ApplyTransposed(v.narrow(0, 1, 1))[0] : expected[1];
                Assert.True(found[1].allclose(own, 1e-12, 1e-12));
            }
            else
            {
                Assert.True(found[1].allclose(v[1]) || found[1].allclose(expected[1], 1e-12, 1e-12));
            }
        }
    }

    /// <summary>A steep map, whose inverse begins scaled: of a sample that Newton took over nothing is known, and that is the identity.</summary>
    [Fact]
    public void A_sample_that_was_taken_over_by_a_solver_that_keeps_none_has_the_identity()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor slopes = linspace(50, 100, 6, ScalarType.Float64);
        using PerSampleMap map = new(u => u - (slopes * (u - 1)));
        NewtonKrylovSolver newton = new() { Forcing = new ForcingTerm { Initial = 1e-10, Maximum = 1e-10 } };
        StoppingRule few = new() { AbsoluteTolerance = 1e-8, RelativeTolerance = 0, MaxSteps = 4 };
        Tensor start = zeros(2, 6, ScalarType.Float64), v = randn(2, 6, ScalarType.Float64);
        using FixedPointSolution alone = FixedPoint.Solve(map, start, Broyden, few);
        Assert.False(alone.Report.AllConverged);
        Assert.False(alone.Inverse!.ApplyTransposed(v).allclose(v));
        using FixedPointSolution chained = FixedPoint.Solve(map, start, new SolverChain { Solvers = [Broyden, newton] }, few);
        Assert.True(chained.Report.AllConverged, chained.Report.ToString());
        Assert.True(chained.Inverse!.ApplyTransposed(v).equal(v).all().ToBoolean());
    }

    [Fact]
    public void A_layer_with_a_chain_goes_on_training_by_inverse_reuse()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(6, 6), 0.97))
        {
            Gradient = new InverseReuseGradient(),
            Solver = new SolverChain { Solvers = [Broyden, new AndersonSolver()] },
            Stopping = new StoppingRule { RelativeTolerance = 1e-6, MaxSteps = 6 },
            OnFailure = new WarnOnFailure { Warn = _ => { } },
        };
        for (int step = 0; step < 5; step++)
        {
            Tensor q = randn(4, 6).requires_grad_();
            using ImplicitResult result = layer.Run(q);
            result.Output.square().sum().backward();
            result.Gradient.ThrowIfFailed();
            Assert.True(q.grad!.isfinite().all().ToBoolean());
        }
    }

    [Fact]
    public void A_chain_whose_first_solver_keeps_none_is_refused_from_the_first_batch_on()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = Map(out Tensor q);
        foreach (int steps in new[] { 12, 1000 })
        {
            using FixedPointSolution solution = FixedPoint.Solve(
                map, zeros_like(q), new SolverChain { Solvers = [new PicardSolver(), Broyden] }, Stopping with { MaxSteps = steps });
            Assert.Contains("first", Assert.Throws<InvalidOperationException>(() => new InverseReuseGradient().Attach(map, solution)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_coupled_batch_that_another_solver_took_over_has_an_inverse_too()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        Tensor q = randn(3, 4, ScalarType.Float64).requires_grad_();
        using CoupledMap map = new(
            (u, inputs) => ((u + u.mean([0], keepdim: true)) * 0.48) + inputs.PerSample[0], new MapInputs { PerSample = [q], Parameters = [] });
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros(3, 4, ScalarType.Float64), new SolverChain { Solvers = [Broyden, new PicardSolver()] }, new StoppingRule { AbsoluteTolerance = 1e-12, MaxSteps = 2 });
        new InverseReuseGradient().Attach(map, solution).sum().backward();
        Assert.True(q.grad!.isfinite().all().ToBoolean());
    }

    private static PerSampleMap Map(out Tensor q)
    {
        random.manual_seed(7);
        Tensor weight = randn(12, 12, ScalarType.Float64);
        weight /= linalg.norm(weight, 2);
        q = randn(4, 12, ScalarType.Float64);
        Tensor factors = tensor(new[] { 0.2, 0.97, 0.2, 0.2 }).unsqueeze(1);
        Tensor both = cat([q, factors], 1);
        return new PerSampleMap((u, x) => ((u.mm(weight) * x.narrow(1, 12, 1)) + x.narrow(1, 0, 12)).tanh(), both);
    }
}
