using ImplicitNet.Networks;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Training;

/// <summary>What decides the final weights of a run, in words, so that a refusal to resume can show both.</summary>
internal static class RunFingerprint
{
    public static string Of(ImplicitNetwork network, BatchSource train, BatchSource validation, TrainingOptions options)
    {
        // How often something is written decides nothing; nor do certificates without a policy. With one, the gradient is the policy's.
        TrainingOptions deciding = options with { CheckpointSteps = 1, LogSteps = 1 };
        deciding = options.Escalation is null ? deciding with { CertificateSteps = null, Certifier = new() } : deciding;
        string gradient = options.Escalation is null ? network.Gradient.ToString() : "escalated";
        return $"{train.Dataset.Name} ({train.Dataset.Count} images), {train.Options}, {validation.Dataset.Name} ({validation.Dataset.Count} images), {deciding}, {network.Solver}, {network.Stopping}, {gradient}, {network.OnFailure}";
    }
}
