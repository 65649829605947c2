using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>The forward half of a training step: the phases of its schedule, one call of the model each, and their loss.</summary>
/// <param name="model">What is trained.</param>
/// <param name="task">Its loss.</param>
/// <param name="options">Its schedule and penalty.</param>
/// <param name="latents">Where solves start; null for their own starts.</param>
/// <param name="share">
/// Opens what other ranks have in common with this one, where there is something; null for a process of its own. With others there is a
/// graph to go back through even where no sample counts.
/// </param>
internal sealed class ScheduledSolve(
    TrainedModel model, TrainingTask task, TrainingOptions options, LatentCache? latents,
    Func<Batch, SharedStatistics?>? share = null)
{
    /// <summary>Answers a batch. A sample counts that counts in every phase with a share in the loss.</summary>
    /// <param name="batch">The batch; the caller keeps it.</param>
    /// <param name="gradients">Those in force.</param>
    /// <param name="draw">What is drawn by.</param>
    public StepOutcome Run(Batch batch, GradientsInForce gradients, ulong draw)
    {
        IReadOnlyList<SolvePhase> phases = options.Solves.Phases(draw);
        List<SolveScope> scopes = new(phases.Count);
        try
        {
            return Answer(batch, gradients, draw, phases, scopes);
        }
        catch
        {
            scopes.ForEach(scope => scope.Dispose());
            throw;
        }
    }

    private StepOutcome Answer(
        Batch batch, GradientsInForce gradients, ulong draw, IReadOnlyList<SolvePhase> phases, List<SolveScope> scopes)
    {
        if (!phases.Any(phase => phase.LossWeight > 0)
            || phases.Any(phase => !(phase.LossWeight >= 0 && phase is { Steps: null or >= 1, Unrolled: null or >= 1 })))
        {
            throw new InvalidOperationException(
                $"{options.Solves.GetType().Name} must give a phase a share in the loss above 0, none below, and at least 1 step. "
                + $"Given: {string.Join(", ", phases)}.");
        }

        bool[] included = new bool[batch.Count];
        Array.Fill(included, !batch.IsStandIn);
        List<(Tensor Losses, Tensor? Penalty, double Weight)> parts = [];
        Tensor? output = null;
        long[] samples = batch.Numbers();
        foreach (SolvePhase phase in phases)
        {
            using IDisposable? noGraph = phase.LossWeight > 0 ? null : no_grad();
            SolveScope? before = scopes.LastOrDefault();
            SolveScope scope = new(
                own => Cut(Loosened(gradients.Of(own)), phase),
                before is null
                    ? number => Start(number, batch, draw)
                    : number => StartingPoint.From(_ => before.Solves[number].Latent.alias()),
                phase.LossWeight > 0 ? options.JacobianPenalty : null,
                gradients.Flow is null ? null : gradients.Of);
            scopes.Add(scope);
            using (SampleDraws draws = new((long)draw, samples))
            using (SharedStatistics? shared = share?.Invoke(batch))
            {
                output = model.Answer(batch);
            }

            scope.Close();

            if (phase.LossWeight > 0)
            {
                IReadOnlyList<bool> counts = scope.Included(batch.Count);
                for (int sample = 0; sample < included.Length; sample++)
                {
                    included[sample] &= counts[sample];
                }

                parts.Add((TrainedModel.Losses(task, output, batch), Penalty(scope, batch.Count), phase.LossWeight));
            }
        }

        Keep(batch, scopes[^1]);
        return Averaged(output!, included, parts, scopes, batch.IsStandIn);
    }

    private StepOutcome Averaged(
        Tensor output, bool[] included, List<(Tensor Losses, Tensor? Penalty, double Weight)> parts, List<SolveScope> scopes,
        bool isStandIn)
    {
        if (share is null && !included.Contains(true))
        {
            return new()
            {
                Output = output,
                Included = included,
                Loss = double.NaN,
                Objective = null,
                HasPenalty = false,
                Solves = scopes,
            };
        }

        SampleMask mask = new(included);
        double weights = parts.Sum(part => part.Weight);
        Tensor? loss = null;
        Tensor? objective = null;
        foreach ((Tensor losses, Tensor? penalty, double weight) in parts)
        {
            Tensor mean = mask.Average(losses);
            Tensor minimized = penalty is null ? mean : mask.Average(losses + penalty);
            (loss, objective) = parts.Count == 1
                ? (mean, minimized)
                : ((loss ?? 0) + (mean * (weight / weights)), (objective ?? 0) + (minimized * (weight / weights)));
        }

        return new()
        {
            Output = output,
            Included = included,
            Loss = loss!.ToDouble(),
            Objective = objective,
            HasPenalty = parts.Exists(part => part.Penalty is not null),
            IsStandIn = isStandIn,
            Solves = scopes,
        };
    }

    /// <summary>A solve cut short counts like one that converged: that it goes no further is the schedule's doing.</summary>
    private static SolveSettings Cut(SolveSettings settings, SolvePhase phase) => phase switch
    {
        // A solve of one step returns where it starts: the steps of the gradient are all there are.
        { Unrolled: { } applications } => Cut(settings, 1) with
        {
            Solver = new PicardSolver(),
            Gradient = new UnrolledGradient { Steps = applications },
        },
        { Steps: { } steps } => Cut(settings, steps),
        _ => settings,
    };

    private static SolveSettings Cut(SolveSettings settings, int steps) =>
        settings with { Stopping = settings.Stopping with { MaxSteps = steps }, OnFailure = new AcceptMaxSteps() };

    private SolveSettings Loosened(SolveSettings settings) => options.Solves.RelativeTolerance is { } tolerance
        ? settings with { Stopping = settings.Stopping with { RelativeTolerance = tolerance } }
        : settings;

    /// <summary>The penalties of all solves and flows, one a sample: [batch]; null where none was asked for.</summary>
    private static Tensor? Penalty(SolveScope scope, int batch)
    {
        Tensor? sum = null;
        foreach (Tensor penalties in scope.Solves.Select(solve => solve.Penalties)
            .Concat(scope.Flows.Select(flow => flow.Penalties)).OfType<Tensor>())
        {
            // Of a solve that is not sample by sample with the batch, every sample bears the mean.
            Tensor each = penalties.shape[0] == batch ? penalties : penalties.mean();
            sum = sum is null ? each : sum + each;
        }

        return sum;
    }

    /// <summary>Where a solve of the first phase starts; null for its own start.</summary>
    private StartingPoint? Start(int number, Batch batch, ulong draw)
    {
        double noise = options.Solves.StartNoise;
        LatentCache? held = Held(batch);
        if (latents is not null && number > 0)
        {
            throw new InvalidOperationException("A warm start needs a model with one implicit solve a call. Given: more than one.");
        }

        return held is null && noise == 0 ? null : StartingPoint.From(own =>
        {
            long[] samples = own.shape[0] == batch.Count && (batch.HasIndices || held is not null)
                ? [.. batch.Indices.cpu().data<long>()]
                : [.. Enumerable.Range(0, (int)own.shape[0])];
            Tensor start = held?.Starts(samples, own) ?? own;
            return noise == 0
                ? start
                : start + new RandomStart { Seed = (int)(draw ^ (draw >> 32)) + number, Deviation = noise, Samples = samples }.Of(own);
        });
    }

    /// <summary>Where its samples' latents are: what stands in for a share has none, which are another rank's.</summary>
    private LatentCache? Held(Batch batch) => batch.IsStandIn ? null : latents;

    private void Keep(Batch batch, SolveScope scope)
    {
        if (Held(batch) is { } held && scope.Solves.Count > 0)
        {
            held.Store([.. batch.Indices.cpu().data<long>()], scope.Solves[0].Latent, scope.Solves[0].Report);
        }
    }
}
