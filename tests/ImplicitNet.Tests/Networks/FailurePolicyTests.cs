using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

public sealed class FailurePolicyTests : TensorTest
{
    /// <summary>R(u, q) = -q u + 1: converges for q below 1, with damping 0.5 for q below 3.</summary>
    private sealed class Alternating() : nn.Module<Tensor, Tensor, Tensor>(nameof(Alternating))
    {
        public override Tensor forward(Tensor u, Tensor q) => 1 - (u * q);
    }

    private static ImplicitLayer Layer(FailurePolicy policy) => new(new ModuleOperator(new Alternating())) { OnFailure = policy };

    private static Tensor Q() => tensor(new double[,] { { 0.5 }, { 2 }, { double.NaN } });

    [Fact]
    public void The_default_throws_and_releases_everything()
    {
        using ImplicitLayer layer = new(new ModuleOperator(new Alternating()));
        using Tensor q = Q();
        FixedPointException exception = Assert.Throws<FixedPointException>(() => layer.call(q));
        Assert.StartsWith("2 of 3 samples did not converge", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Warn_tells_and_goes_on()
    {
        List<SolveReport> warnings = [];
        using ImplicitLayer layer = Layer(new WarnOnFailure { Warn = warnings.Add });
        using Tensor q = Q();
        using ImplicitResult result = layer.Run(q);
        Assert.Same(result.Report, Assert.Single(warnings));
        Assert.All(result.Included, Assert.True);
    }

    [Fact]
    public void Mask_leaves_failed_samples_out_of_loss_and_gradient()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = Layer(new MaskFailures());
        Tensor q = Q().requires_grad_();
        using ImplicitResult result = layer.Run(q);
        Assert.Equal([true, false, false], result.Included);
        Tensor loss = result.Average(result.Output.squeeze(1) * 3);
        Assert.Equal(3 * (1 / 1.5), loss.ToDouble(), 1e-6);
        loss.backward();
        Assert.NotEqual(0, q.grad![0].ToDouble());
        Assert.Equal(0, q.grad![1].ToDouble());
        Assert.Equal(0, q.grad![2].ToDouble());
    }

    /// <summary>Converged; falling too slowly for the limit; level, a cycle of two; growing; no number.</summary>
    [Fact]
    public void A_solve_cut_short_counts_where_it_is_accepted_and_what_failed_otherwise_does_not()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = tensor(new double[,] { { 0.5 }, { 0.97 }, { 1 }, { 2 }, { double.NaN } }).requires_grad_();
        using ImplicitLayer layer = Layer(new AcceptMaxSteps());
        using ImplicitResult result = layer.Run(q);
        Assert.Equal(
            [SolveStatus.Converged, SolveStatus.MaxStepsReached, SolveStatus.Stalled, SolveStatus.Diverged, SolveStatus.NonFinite],
            result.Report.Samples.Select(sample => sample.Status));
        Assert.Equal([true, true, false, false, false], result.Included);
        Tensor loss = result.Average(result.Output.squeeze(1));
        Assert.Equal(((1 / 1.5) + (1 / 1.97)) / 2, loss.ToDouble(), 0.02);
        loss.backward();
        Assert.Equal([true, true, false, false, false], q.grad!.data<double>().Select(gradient => gradient != 0));

        // By a rule under which nothing stalls, the cycle is a solve cut short.
        using ImplicitResult never = layer.Run(q, layer.Settings with { Stopping = new StoppingRule { Stall = Stall.None } });
        Assert.Equal([true, true, true, false, false], never.Included);
    }

    [Fact]
    public void The_average_over_no_sample_is_not_a_number_and_a_wrong_shape_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = Layer(new MaskFailures());
        Tensor q = full([2, 1], double.NaN, ScalarType.Float64);
        using ImplicitResult result = layer.Run(q);
        Assert.Equal(double.NaN, result.Average(full([2], double.NaN)).ToDouble());
        Assert.Contains("No sample converged", result.ToString(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => result.Average(zeros(3)));
    }

    [Fact]
    public void A_chain_solves_the_failed_samples_again_and_leaves_the_rest_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = Layer(new MaskFailures());
        layer.Solver = new SolverChain { Solvers = [layer.Solver, new PicardSolver { Damping = 0.4 }] };
        using ImplicitLayer plain = Layer(new MaskFailures());
        Tensor q = Q();
        using ImplicitResult result = layer.Run(q);
        using ImplicitResult before = plain.Run(q);
        Assert.Equal([SolveStatus.Converged, SolveStatus.Converged, SolveStatus.NonFinite], result.Report.Samples.Select(sample => sample.Status));
        Assert.Equal([true, true, false], result.Included);
        Assert.Equal(before.Report.Samples[0], result.Report.Samples[0]);
        Assert.Equal(1 / 3.0, result.Output[1].ToDouble(), 1e-7);
        Assert.True(result.Report.Samples[1].Steps > before.Report.Samples[1].Steps);
        Assert.True(result.Report.Evaluations > before.Report.Evaluations);
    }

    [Fact]
    public void What_a_chain_leaves_is_handed_to_the_policy()
    {
        using ImplicitLayer layer = Layer(new ThrowOnFailure());
        layer.Solver = new SolverChain { Solvers = [layer.Solver, new PicardSolver { Damping = 0.5 }] };
        using Tensor q = Q();
        Assert.Throws<FixedPointException>(() => layer.call(q));
    }
}
