using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>What a flow came to for a batch, in the graph where gradients are enabled, and how it went. Dispose it after the backward
/// pass.</summary>
public sealed class FlowResult : IDisposable
{
    private readonly bool[] _included;

    internal FlowResult(Tensor output, Tensor states, Tensor times, FlowReport report, GradientReport gradient, bool[] included) =>
        (Output, States, Times, Report, Gradient, _included) = (output, states, times, report, gradient, included);

    /// <summary>
    /// The state of every sample where its flow ended: [batch, ...]. Owned by this result. A sample that does not count sends nothing back,
    /// and has 0 for elements that are not finite.
    /// </summary>
    public Tensor Output { get; }

    /// <summary>
    /// The states at all times asked for: [times, batch, ...]; NaN, to which nothing is sent back, at times that a sample did not come to.
    /// Owned by this result.
    /// </summary>
    public Tensor States { get; }

    /// <summary>
    /// The time at which every sample ended: [batch], float64; with an event its time, in the graph. Owned by this result.
    /// </summary>
    public Tensor Times { get; }

    /// <summary>
    /// The <see cref="FlowSettings.Penalties"/> of every sample, weighted and summed, to be added to its loss: [batch], in the graph; null
    /// if none were asked for, or gradients were disabled. 0 for a sample that does not count. Owned by this result.
    /// </summary>
    public Tensor? Penalties { get; internal init; }

    /// <summary>How the flow went, sample by sample.</summary>
    public FlowReport Report { get; }

    /// <summary>What backward passes through this result did: empty until the first.</summary>
    public GradientReport Gradient { get; }

    /// <summary>For every sample, whether it counts in the loss; false only where the failure policy excludes it.</summary>
    public IReadOnlyList<bool> Included => _included;

    /// <summary>The mean of the losses of the samples that count; NaN, with a gradient of 0, if none does.</summary>
    /// <param name="losses">One loss per sample, floating point: [batch]. Those of samples that do not count may have any value.</param>
    /// <returns>A scalar in the graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The shape is different, or the dtype is not floating-point.</exception>
    public Tensor Average(Tensor losses) => new SampleMask(_included).Average(losses);

    /// <inheritdoc/>
    public override string ToString() => Report.ToString();

    /// <summary>The output, which is the caller's from now on; the rest is disposed.</summary>
    internal Tensor OutputAlone()
    {
        States.Dispose();
        Times.Dispose();
        Penalties?.Dispose();
        return Output;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Output.Dispose();
        States.Dispose();
        Times.Dispose();
        Penalties?.Dispose();
    }
}
