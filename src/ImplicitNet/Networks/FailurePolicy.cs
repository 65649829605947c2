using ImplicitNet.Flows;
using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>
/// What a layer does about samples whose solve did not converge. To try another solver on them first, use a <see cref="SolverChain"/>.
/// </summary>
public abstract record FailurePolicy
{
    /// <summary>Looks at every solve of the layer before its latents are used. May throw; the default does nothing.</summary>
    /// <param name="report">How the solve ended, failed or not.</param>
    public virtual void Inspect(SolveReport report)
    {
    }

    /// <summary>The same for a flow.</summary>
    /// <param name="report">How the flow went, failed or not.</param>
    public virtual void Inspect(FlowReport report)
    {
    }

    /// <summary>
    /// True if a sample that ended like this is left out of the loss and sends back no gradient; by default no sample is.
    /// </summary>
    public virtual bool Excludes(SampleReport sample) => false;

    /// <summary>The same for a sample of a flow.</summary>
    public virtual bool Excludes(FlowSampleReport sample) => false;
}
