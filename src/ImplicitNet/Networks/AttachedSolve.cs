using ImplicitNet.Gradients;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// From a map to fixed points in the graph: the solve, what is done about samples that failed, the gradient. The one way of
/// <see cref="ImplicitLayer"/> and <see cref="Implicit"/>.
/// </summary>
/// <param name="untold">Keeps failures of backward passes that nobody asks for.</param>
internal abstract class AttachedSolve(UntoldFailure untold)
{
    /// <summary>The layer that solves; null where none does.</summary>
    protected virtual nn.Module? Layer => null;

    /// <summary>What a loss of the latents could be sent back to.</summary>
    protected abstract IEnumerable<Tensor> Sources { get; }

    /// <summary>Solves and attaches, as the call and what is open around it say. The caller owns the result.</summary>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    public ImplicitResult Run(SolveCall own, ResidualTrace? trace = null)
    {
        untold.Throw();
        using SolveCall call = SolveWatch.InForce(own);
        ImplicitResult result;
        using (WithinMap.Enter())
        {
            result = Solved(call, trace);
        }

        SolveWatch.TellAll(Layer, call.Settings, result);
        return result;
    }

    /// <summary>The map, bound with its graph. The caller owns it.</summary>
    protected abstract FixedPointMap Bind();

    /// <summary>The same map, in which samples that stay stand in for the others. The caller owns it.</summary>
    protected abstract FixedPointMap BindNeutral(FixedPointMap map, SampleMask mask);

    /// <summary>Where the solve starts that is told nothing else.</summary>
    protected abstract Tensor Start();

    /// <summary>Solves, failure policy included. The caller owns the solution.</summary>
    private static FixedPointSolution Solve(FixedPointMap map, Tensor start, SolveCall call, ResidualTrace? trace)
    {
        FixedPointSolution solution = FixedPoint.Solve(map, start, call.Settings.Solver, call.Settings.Stopping, trace, call.Tokens.Token);
        try
        {
            call.Settings.OnFailure.Inspect(solution.Report);
            return solution;
        }
        catch
        {
            solution.Dispose();
            throw;
        }
    }

    private static (Tensor Latent, Tensor? Penalties) Attach(
        FixedPointMap map, FixedPointSolution solution, SolveCall call, GradientReport report)
    {
        Tensor? penalties = call.Penalty?.Estimate(map, solution.Latent);
        return (call.Settings.Gradient.Attach(map, solution, report), penalties);
    }

    private ImplicitResult Solved(SolveCall call, ResidualTrace? trace)
    {
        using DisposeScope scope = NewDisposeScope();
        using FixedPointMap map = Bind();
        Tensor own = Start();
        Tensor start = call.Start is null ? own : call.Start.Checked(own);
        using FixedPointSolution solution = SolveWatch.Known() ?? Solve(map, start, call, trace);
        bool[] included = [.. solution.Report.Samples.Select(sample => !call.Settings.OnFailure.Excludes(sample))];
        SolveWatch.ShowAll(Layer, map, solution);
        GradientReport gradient = new(untold);
        Tensor latent;
        Tensor? penalties = null;
        if (is_grad_enabled())
        {
            SampleMask mask = new(included);
            (latent, penalties) = mask.All ? Attach(map, solution, call, gradient)
                : mask.None ? Detach(map, solution.Latent, call.Penalty)
                : AttachSome(mask, map, solution, call, gradient);
            penalties = penalties?.MoveToOuterDisposeScope();
        }
        else
        {
            latent = solution.Latent.alias();
        }

        return new ImplicitResult(
            latent.MoveToOuterDisposeScope(), solution.Latent.alias().MoveToOuterDisposeScope(), solution.Report, gradient, included)
        {
            Penalties = penalties,
        };
    }

    /// <summary>
    /// Attaches the samples that stay. The others take part as copies of one of them, to which nothing is sent back: what failed may be
    /// NaN, and so would be the gradient of every weight.
    /// </summary>
    private (Tensor Latent, Tensor? Penalties) AttachSome(
        SampleMask mask, FixedPointMap map, FixedPointSolution solution, SolveCall call, GradientReport report)
    {
        Tensor left = Finite(solution.Latent);
        if (!map.IsPerSample)
        {
            return (mask.Choose(call.Settings.Gradient.Attach(map, solution, report), left), call.Penalty?.Estimate(map, solution.Latent));
        }

        using FixedPointMap clean = BindNeutral(map, mask);
        FixedPointSolution kept = new(mask.Neutral(solution.Latent), solution.Report, solution.Inverse);
        (Tensor attached, Tensor? penalties) = Attach(clean, kept, call, report);
        return (mask.Choose(attached, left), penalties is null ? null : mask.Choose(penalties, zeros_like(penalties)));
    }

    /// <summary>The latents where no sample stays: with a graph, so that a loss of them can be sent back, which sends nothing.</summary>
    private (Tensor Latent, Tensor? Penalties) Detach(FixedPointMap map, Tensor latent, JacobianPenalty? penalty)
    {
        if (!map.IsPerSample)
        {
            // Statistics in R move with the step that would be attached, whether or not the batch counts.
            using IDisposable noGraph = no_grad();
            map.Evaluate(latent).Dispose();
        }

        Tensor[] sources = [.. Sources];
        Tensor? penalties = penalty is null
            ? null
            : SampleMask.Unmoved(zeros(latent.shape[0], dtype: latent.dtype, device: latent.device), sources);
        return (SampleMask.Unmoved(Finite(latent), sources), penalties);
    }

    /// <summary>What is left out has no say in what comes after, which may multiply it by 0.</summary>
    private static Tensor Finite(Tensor latent) => where(latent.isfinite(), latent, zeros_like(latent));
}
