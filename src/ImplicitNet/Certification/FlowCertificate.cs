using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>How good the gradient of a model with flows in it is. Plain numbers; it owns no tensor.</summary>
public sealed record FlowCertificate
{
    // Tolerances, as Backsolve says by default; and a share of the state, below which a tight tolerance misses nothing that matters.
    private const double LargestReconstruction = 10, LargestShare = 0.01;

    private readonly bool _isKnown;

    internal FlowCertificate(
        string label, IReadOnlyList<Agreement> consistency, IReadOnlyList<Agreement> discretisation, IReadOnlyList<ScopedFlow> flows,
        bool hasReference, ScalarType dtype, BatchPart part)
    {
        (Label, Parts, Flows) = (label, [.. consistency.Zip(discretisation)], flows);
        (Consistency, Discretisation) = (Worst(consistency), Worst(discretisation));
        int strays = flows.Sum(flow => flow.Gradient.Reconstruction.Count(
            distance => !(distance <= LargestReconstruction) && !(distance * Tolerance(flow.Settings, dtype) <= LargestShare)));
        int redone = flows.Sum(flow => flow.Gradient.FallBacks);
        bool isUnknown = flows.Count == 0 || !hasReference || flows.Any(flow => !flow.Report.AllSucceeded);
        double[] all = part.IsCounted ? part.Sums(strays, redone, isUnknown ? 1 : 0) : part.Sums(0, 0, 0);
        (Strays, Redone, _isKnown) = ((int)all[0], (int)all[1], all[2] == 0);
    }

    /// <summary>The gradient that was examined, such as "discrete adjoint" or "backsolve".</summary>
    public string Label { get; }

    /// <summary>
    /// The gradient used against the exact one of the same steps: what the way of differentiating costs. Of <see cref="Parts"/> the worst.
    /// </summary>
    public Agreement Consistency { get; }

    /// <summary>
    /// The exact one of these steps against the exact one of much finer steps: what the steps cost. Of <see cref="Parts"/> the worst.
    /// </summary>
    public Agreement Discretisation { get; }

    /// <summary>Both for all parameters together, where there are any, and then for each further input.</summary>
    public IReadOnlyList<(Agreement Consistency, Agreement Discretisation)> Parts { get; }

    /// <summary>
    /// The flows that were followed for it, in the order in which they were made; where several processes trained, those of this one's
    /// share of the batch.
    /// </summary>
    public IReadOnlyList<ScopedFlow> Flows { get; }

    /// <summary>
    /// Samples whose way back, of a <see cref="Backsolve"/>, did not come to where they had been: by more than 10 tolerances, and
    /// 1 % of the state.
    /// </summary>
    public int Strays { get; }

    /// <summary>Samples that were done again by the exact adjoint of their steps, whose gradients are right.</summary>
    public int Redone { get; }

    /// <summary>
    /// The worst of all numbers, or unknown where no flow was followed or one failed; no better than doubtful where samples strayed and
    /// were not done again: their gradients are wrong, however little of that shows in a sum over all.
    /// </summary>
    public Verdict Verdict => !_isKnown ? Verdict.Unknown
        : new[] { Consistency.Judged, Discretisation.Judged, Strays > Redone ? Verdict.Doubtful : Verdict.Good }.Max();

    /// <summary>One line: both numbers, what strayed, and the verdict.</summary>
    public override string ToString()
    {
        string strays = Strays == 0 ? "" : FormattableString.Invariant(
            $"; {Strays} samples did not come back to where they had been, {Redone} were done again");
        return FormattableString.Invariant(
            $"{Label}: against the exact gradient of the same steps {Consistency}; that against finer steps {Discretisation}{strays}; ")
            + $"{Verdict.ToString().ToLowerInvariant()}.";
    }

    private static double Tolerance(FlowSettings settings, ScalarType dtype)
    {
        StepController steps = (settings.Gradient as Backsolve)?.Steps ?? settings.Steps;
        (double relative, double absolute) = (steps as PidController ?? new PidController()).Tolerances(dtype);
        return Math.Max(relative, absolute);
    }

    private static Agreement Worst(IReadOnlyList<Agreement> parts) =>
        parts.OrderByDescending(part => part.Judged).ThenBy(part => double.IsNaN(part.Cosine) ? -2 : part.Cosine).First();
}
