using ImplicitNet.Certification;
using ImplicitNet.Gradients;
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
        Gradient = options.Escalation?.Gradients[state.Level];
    }

    /// <summary>The gradient in force, of the policy; null for the layers' own, where there is none.</summary>
    public FixedPointGradient? Gradient { get; private set; }

    /// <summary>Looks at the batch of the step to come, where one is due.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="batch">Its batch.</param>
    /// <param name="state">Where the policy stands.</param>
    /// <param name="log">Told of the certificate and the change.</param>
    /// <param name="tell">Told too.</param>
    /// <returns>Where the policy stands now; its gradient is in force.</returns>
    public EscalationState Look(long step, Batch batch, EscalationState state, RunLog log, Action<TrainingEvent> tell)
    {
        if (_options.CertificateSteps is not { } every || step % every != 0)
        {
            return state;
        }

        GradientCertifier certifier = _options.Certifier;
        Func<Tensor> losses = () => TrainedModel.Losses(_task, _model.Answer(batch), batch);
        IReadOnlyList<GradientCertificate> certificates = Gradient is not { } own ? [certifier.Certify(_model.Module, losses)]
            : state.Level == 0 ? certifier.Compare(_model.Module, losses, [own])
            : certifier.Compare(_model.Module, losses, [own, _options.Escalation!.Gradients[state.Level - 1]]);
        GradientCertificate certificate = certificates[0];
        log.Certificate(CertificateRecord.Of(step, certificate, state.Level));
        tell(new TrainingEvent.GradientCertified(step, certificate));
        if (_options.Escalation is not { } policy)
        {
            return state;
        }

        EscalationState next = policy.Next(state, Cosine(certificate), certificates.Count > 1 ? Cosine(certificates[1]) : double.NaN);
        if (next.Level != state.Level)
        {
            Gradient = policy.Gradients[next.Level];
            GradientChangeRecord change = new(step, state.Level, next.Level, certificate.Gradient.Cosine);
            log.Change(change);
            tell(new TrainingEvent.GradientChanged(change, policy.Gradients[next.Level]));
        }

        return next;
    }

    private static double Cosine(GradientCertificate certificate) =>
        certificate.Verdict == Verdict.Unknown ? double.NaN : certificate.Gradient.Cosine;
}
