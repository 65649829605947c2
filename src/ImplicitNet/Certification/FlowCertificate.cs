using ImplicitNet.Networks;

namespace ImplicitNet.Certification;

/// <summary>How good the gradient of a model with flows in it is. Plain numbers; it owns no tensor.</summary>
public sealed record FlowCertificate
{
    private readonly bool _hasReference;

    internal FlowCertificate(
        string label, Agreement consistency, Agreement discretisation, IReadOnlyList<ScopedFlow> flows, bool hasReference) =>
        (Label, Consistency, Discretisation, Flows, _hasReference) = (label, consistency, discretisation, flows, hasReference);

    /// <summary>The gradient that was examined, such as "discrete adjoint" or "backsolve".</summary>
    public string Label { get; }

    /// <summary>The gradient used against the exact one of the same steps: what the way of differentiating costs.</summary>
    public Agreement Consistency { get; }

    /// <summary>The exact one of these steps against the exact one of much finer steps: what the steps cost.</summary>
    public Agreement Discretisation { get; }

    /// <summary>The flows that were followed for it, in the order in which they were made.</summary>
    public IReadOnlyList<ScopedFlow> Flows { get; }

    /// <summary>The worse of the two, or unknown where no flow was followed or one failed.</summary>
    public Verdict Verdict => Flows.Count == 0 || !_hasReference || Flows.Any(flow => !flow.Report.AllSucceeded) ? Verdict.Unknown
        : (Verdict)Math.Max((int)Consistency.Judged, (int)Discretisation.Judged);

    /// <summary>One line: both numbers and the verdict.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Label}: against the exact gradient of the same steps {Consistency}; that against finer steps {Discretisation}; ")
        + $"{Verdict.ToString().ToLowerInvariant()}.";
}
