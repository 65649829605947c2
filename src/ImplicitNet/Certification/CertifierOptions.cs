using ImplicitNet.LinearSolvers;

namespace ImplicitNet.Certification;

/// <summary>What a <see cref="GradientCertificate"/> is measured by.</summary>
/// <param name="Reference">How the reference is solved for.</param>
/// <param name="ReferenceTolerance">To which share of ||g||; null: by the dtype.</param>
/// <param name="PowerIterations">That measure ||J||.</param>
/// <param name="GradientsBySample">Whether the parameter gradient of every sample is compared.</param>
/// <param name="ConditionSamples">Samples for which the descent condition is looked at.</param>
/// <param name="LanczosSteps">The most for a condition number.</param>
/// <param name="KeepsMapped">Whether conditions are rows of the batch's R(u*, q).</param>
/// <param name="Part">What this process has of the batch.</param>
internal sealed record CertifierOptions(
    LinearSolver Reference,
    double? ReferenceTolerance,
    int PowerIterations,
    bool GradientsBySample,
    int ConditionSamples,
    int LanczosSteps,
    bool KeepsMapped,
    BatchPart Part);
