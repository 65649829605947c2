using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.History;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>
/// Certifies the gradient of training batches and changes it as the policy says. Without a policy it changes nothing about the
/// weights: certificates draw no random number that the training would have drawn.
/// </summary>
internal sealed class GradientWatch
{
    private readonly TrainedModel _model;
    private readonly TrainingTask _task;
    private readonly TrainingOptions _options;

    /// <summary>Takes up the gradient of a position.</summary>
    public GradientWatch(TrainedModel model, TrainingTask task, TrainingOptions options, EscalationState state)
    {
        (_model, _task, _options) = (model, task, options);
        Force(state.Level);
    }

    /// <summary>The gradients in force, of the policy; of nothing, where there is none.</summary>
    public GradientsInForce InForce { get; private set; }

    /// <summary>That of fixed points; null for the layers' own.</summary>
    public FixedPointGradient? Gradient => InForce.Fixed;

    /// <summary>Looks at the batch of the step to come, where one is due.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="batch">Its batch.</param>
    /// <param name="state">Where the policy stands.</param>
    /// <param name="log">Told of the certificate and the change.</param>
    /// <param name="tell">Told too.</param>
    /// <param name="ranks">Of which the first looks at its share, and decides for all; null for a process of its own.</param>
    /// <returns>Where the policy stands now; its gradient is in force.</returns>
    public EscalationState Look(
        long step, Batch batch, EscalationState state, RunLog log, Action<TrainingEvent> tell, RankedRun? ranks = null)
    {
        if (_options.CertificateSteps is not { } every || step % every != 0)
        {
            return state;
        }

        bool looks = ranks is not { Part.Rank: > 0 };
        (double cosine, double below) = looks ? Certify(step, batch, state.Level, log, tell) : (double.NaN, double.NaN);
        if (_options.Escalation is not { } policy)
        {
            return state;
        }

        EscalationState own = looks ? policy.Next(state, cosine, below) : state, next = ranks?.Agreed(own) ?? own;
        if (next.Level != state.Level)
        {
            Force(next.Level);
            GradientChangeRecord change = new(step, state.Level, next.Level, cosine);
            log.Change(change);
            tell(new TrainingEvent.GradientChanged(change, policy.At(next.Level)) { FlowGradient = policy.FlowAt(next.Level) });
        }

        return next;
    }

    private (double Cosine, double Below) Certify(long step, Batch batch, int level, RunLog log, Action<TrainingEvent> tell)
    {
        Func<Tensor> losses = () => TrainedModel.Losses(_task, _model.Answer(batch), batch);
        (double cosine, double below, bool hasFlows) = OfFixedPoints(step, level, losses, log, tell);
        if (!hasFlows)
        {
            return (cosine, below);
        }

        (double ofFlows, double belowOfFlows) = OfFlows(step, level, () => losses().mean(), log, tell);
        return (Worse(cosine, ofFlows), Worse(below, belowOfFlows));
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
        long step, int level, Func<Tensor> losses, RunLog log, Action<TrainingEvent> tell)
    {
        using SolveScope seen = new(flowSettings: InForce.Of);
        GradientCertifier certifier = _options.Certifier;
        IReadOnlyList<GradientCertificate> certificates = _options.Escalation is not { } policy
            ? [certifier.Certify(_model.Module, losses)]
            : certifier.Compare(
                _model.Module, losses, level == 0 ? [policy.At(level)] : [policy.At(level), policy.At(level - 1)]);
        bool hasFlows = seen.Flows.Count > 0;
        if (certificates[0].Solves.Count > 0 || !hasFlows)
        {
            log.Certificate(CertificateRecord.Of(step, certificates[0], level));
            tell(new TrainingEvent.GradientCertified(step, certificates[0]));
        }

        return (Cosine(certificates[0]), certificates.Count > 1 ? Cosine(certificates[1]) : double.NaN, hasFlows);
    }

    /// <summary>Certifies the flows of the model.</summary>
    private (double Cosine, double Below) OfFlows(long step, int level, Func<Tensor> loss, RunLog log, Action<TrainingEvent> tell)
    {
        using SolveScope fixedPoints = new(InForce.Of);
        IReadOnlyList<FlowCertificate> certificates = _options.Escalation is not { } policy
            ? [FlowGradientCertifier.Certify(_model.Module, loss)]
            : FlowGradientCertifier.Compare(
                _model.Module, loss, level == 0 ? [policy.FlowAt(level)] : [policy.FlowAt(level), policy.FlowAt(level - 1)]);
        log.Certificate(CertificateRecord.Of(step, certificates[0], level));
        tell(new TrainingEvent.FlowGradientCertified(step, certificates[0]));
        return (Cosine(certificates[0]), certificates.Count > 1 ? Cosine(certificates[1]) : double.NaN);
    }
}
