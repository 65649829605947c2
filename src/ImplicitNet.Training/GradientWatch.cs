using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Training.Checkpoints;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.History;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>
/// Certifies the gradient of training batches and changes it as the policy says. Without a policy it changes nothing about the
/// weights: certificates draw no random number that the training would have drawn.
/// </summary>
internal sealed class GradientWatch
{
    private readonly ImplicitNetwork _network;
    private readonly TrainingOptions _options;

    /// <summary>Takes up the gradient of a position.</summary>
    public GradientWatch(ImplicitNetwork network, TrainingOptions options, EscalationState state)
    {
        (_network, _options) = (network, options);
        Gradient = options.Escalation is { } policy ? policy.Gradients[state.Level] : network.Gradient;
    }

    /// <summary>The gradient in force: the policy's, or the network's own where there is none.</summary>
    public FixedPointGradient Gradient { get; private set; }

    /// <summary>Looks at the batch of the step to come, where one is due.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="batch">Its batch.</param>
    /// <param name="state">Where the policy stands.</param>
    /// <param name="log">Told of the certificate and the change.</param>
    /// <param name="progress">Told too.</param>
    /// <returns>Where the policy stands now; its gradient is in force.</returns>
    public EscalationState Look(long step, Batch batch, EscalationState state, RunLog log, IProgress<TrainingEvent>? progress)
    {
        if (_options.CertificateSteps is not { } every || step % every != 0)
        {
            return state;
        }

        FixedPointGradient[] gradients =
            _options.Escalation is { } known && state.Level > 0 ? [Gradient, known.Gradients[state.Level - 1]] : [Gradient];
        IReadOnlyList<GradientCertificate> certificates = _options.Certifier.Compare(
            _network, batch.Inputs, outputs => nn.functional.cross_entropy(outputs, batch.Targets, reduction: nn.Reduction.None),
            gradients);
        GradientCertificate certificate = certificates[0];
        log.Certificate(CertificateRecord.Of(step, certificate, state.Level));
        progress?.Report(new TrainingEvent.GradientCertified(step, certificate));
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
            progress?.Report(new TrainingEvent.GradientChanged(change, Gradient));
        }

        return next;
    }

    private static double Cosine(GradientCertificate certificate) =>
        certificate.Verdict == Verdict.Unknown ? double.NaN : certificate.Gradient.Cosine;
}
