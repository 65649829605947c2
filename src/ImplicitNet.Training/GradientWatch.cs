using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>
/// Certifies the gradient of training batches and changes it as the policy says. Without a policy it changes nothing about the
/// weights: certificates draw no random number that the training would have drawn. Several ranks certify a batch as one: each has the same
/// certificate, and so the same gradient.
/// </summary>
internal sealed class GradientWatch
{
    private readonly TrainedModel _model;
    private readonly TrainingTask _task;
    private readonly TrainingOptions _options;
    private readonly RankedRun? _ranks;

    /// <summary>Takes up the gradient of a position.</summary>
    /// <param name="model">Whose gradient.</param>
    /// <param name="task">Its losses are differentiated.</param>
    /// <param name="options">When it is certified, how, and what follows.</param>
    /// <param name="state">Where the policy stands.</param>
    /// <param name="ranks">Those that certify together; null for a process of its own.</param>
    /// <exception cref="NotSupportedException">Several ranks cannot make certificates of this kind.</exception>
    public GradientWatch(TrainedModel model, TrainingTask task, TrainingOptions options, EscalationState state, RankedRun? ranks)
    {
        (_model, _task, _options, _ranks) = (model, task, options, ranks);
        if (ranks is not null && options.CertificateSteps is not null)
        {
            options.Certifier.EnsureFitsParts();
        }

        Force(state.Level);
    }

    /// <summary>The gradients in force, of the policy; of nothing, where there is none.</summary>
    public GradientsInForce InForce { get; private set; }

    /// <summary>That of fixed points; null for the layers' own.</summary>
    public FixedPointGradient? Gradient => InForce.Fixed;

    /// <summary>Looks at the batch of the step to come, where one is due.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="batch">Its batch, or this rank's share of it.</param>
    /// <param name="draw">What its masks are drawn by.</param>
    /// <param name="state">Where the policy stands.</param>
    /// <param name="log">Told of the certificate and the change.</param>
    /// <param name="tell">Told too.</param>
    /// <returns>Where the policy stands now; its gradient is in force.</returns>
    public EscalationState Look(
        long step, Batch batch, ulong draw, EscalationState state, RunLog log, Action<TrainingEvent> tell)
    {
        if (_options.CertificateSteps is not { } every || step % every != 0)
        {
            return state;
        }

        (double cosine, double below) = Certify(step, batch, draw, state.Level, log, tell);
        if (_options.Escalation is not { } policy)
        {
            return state;
        }

        EscalationState next = policy.Next(state, cosine, below);
        if (next.Level != state.Level)
        {
            Force(next.Level);
            GradientChangeRecord change = new(step, state.Level, next.Level, cosine);
            log.Change(change);
            tell(new TrainingEvent.GradientChanged(change, policy.At(next.Level)) { FlowGradient = policy.FlowAt(next.Level) });
        }

        return next;
    }

    private (double Cosine, double Below) Certify(
        long step, Batch batch, ulong draw, int level, RunLog log, Action<TrainingEvent> tell)
    {
        BatchPart part = _ranks?.PartOf(batch) ?? BatchPart.Whole;
        long[] samples = batch.Numbers();
        (double cosine, double below, bool hasFlows) = OfFixedPoints(step, level, Losses, part, log, tell);
        if (!hasFlows)
        {
            return (cosine, below);
        }

        double count = part.Sums(part.IsCounted ? batch.Count : 0)[0];
        Func<Tensor> loss = part.IsWhole ? () => Losses().mean() : () => Losses().sum() * (part.IsCounted ? 1 / count : 0);
        (double ofFlows, double belowOfFlows) = OfFlows(step, level, loss, part, log, tell);
        return (Worse(cosine, ofFlows), Worse(below, belowOfFlows));

        Tensor Losses()
        {
            using SampleDraws draws = new((long)draw, samples);
            using SharedStatistics? shared = _ranks?.Share(batch);
            return TrainedModel.Losses(_task, _model.Answer(batch), batch);
        }
    }

    private static double Cosine(GradientCertificate certificate) =>
        certificate.Verdict == Verdict.Unknown ? double.NaN : certificate.Gradient.Cosine;

    private static double Cosine(FlowCertificate certificate) =>
        certificate.Verdict == Verdict.Unknown ? double.NaN : certificate.Consistency.Cosine;

    /// <summary>What is known of one decides alone.</summary>
    private static double Worse(double one, double other) => double.IsNaN(one) ? other : double.IsNaN(other) ? one : Math.Min(one, other);

    private void Force(int level) => InForce = new(_options.Escalation?.At(level), _options.Escalation?.FlowAt(level));

    /// <summary>Certifies the solves of the model, where it has any or has no flows either.</summary>
    /// <returns>The cosine of the gradient in use, that of the one below, and whether there were flows.</returns>
    private (double Cosine, double Below, bool HasFlows) OfFixedPoints(
        long step, int level, Func<Tensor> losses, BatchPart part, RunLog log, Action<TrainingEvent> tell)
    {
        using SolveScope seen = new(flowSettings: InForce.Of);
        FixedPointGradient?[] gradients = _options.Escalation is not { } policy ? [null]
            : level == 0 ? [policy.At(level)]
            : [policy.At(level), policy.At(level - 1)];
        IReadOnlyList<GradientCertificate> certificates = _options.Certifier.Compare(_model.Module, losses, gradients, part);
        bool hasFlows = part.Sums(seen.Flows.Count)[0] > 0;
        if (certificates[0].Solves.Count > 0 || !hasFlows)
        {
            log.Certificate(CertificateRecord.Of(step, certificates[0], level));
            tell(new TrainingEvent.GradientCertified(step, certificates[0]));
        }

        return (Cosine(certificates[0]), certificates.Count > 1 ? Cosine(certificates[1]) : double.NaN, hasFlows);
    }

    /// <summary>Certifies the flows of the model.</summary>
    private (double Cosine, double Below) OfFlows(
        long step, int level, Func<Tensor> loss, BatchPart part, RunLog log, Action<TrainingEvent> tell)
    {
        using SolveScope fixedPoints = new(InForce.Of);
        FlowGradient?[] gradients = _options.Escalation is not { } policy ? [null]
            : level == 0 ? [policy.FlowAt(level)]
            : [policy.FlowAt(level), policy.FlowAt(level - 1)];
        IReadOnlyList<FlowCertificate> certificates = FlowGradientCertifier.Compare(_model.Module, loss, gradients, part);
        log.Certificate(CertificateRecord.Of(step, certificates[0], level));
        tell(new TrainingEvent.FlowGradientCertified(step, certificates[0]));
        return (Cosine(certificates[0]), certificates.Count > 1 ? Cosine(certificates[1]) : double.NaN);
    }
}
