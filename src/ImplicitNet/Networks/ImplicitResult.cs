using System.Globalization;
using ImplicitNet.Gradients;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>What an implicit layer or network computed for a batch, and how the solve went. Dispose it after the backward pass.</summary>
public sealed class ImplicitResult : IDisposable
{
    private readonly bool[] _included;

    internal ImplicitResult(Tensor output, Tensor latent, SolveReport report, GradientReport gradient, bool[] included)
    {
        Output = output;
        Latent = latent;
        Report = report;
        Gradient = gradient;
        _included = included;
    }

    /// <summary>
    /// The output: [batch, ...]; in the graph when gradients are enabled. Owned by this result. A sample that does not count sends nothing
    /// back: a layer gives it its best iterate, with 0 for elements that are not finite; a network gives it the readout of that, with NaN
    /// where it was not finite.
    /// </summary>
    public Tensor Output { get; }

    /// <summary>u*, the solution itself: [batch, ...], never in a graph. Owned by this result.</summary>
    public Tensor Latent { get; }

    /// <summary>
    /// The <see cref="Operators.JacobianPenalty"/> of every sample, to be added to its loss: [batch], in the graph; null if none was asked
    /// for. Owned by this result.
    /// </summary>
    public Tensor? Penalties { get; internal init; }

    /// <summary>How the solve went, sample by sample.</summary>
    public SolveReport Report { get; }

    /// <summary>What backward passes through this result did: empty until the first.</summary>
    public GradientReport Gradient { get; }

    /// <summary>For every sample, whether it counts in the loss; false only where the failure policy excludes it.</summary>
    public IReadOnlyList<bool> Included => _included;

    /// <summary>
    /// The mean of the losses of the samples that count; NaN, with a gradient of 0, if none does: nothing was measured, and there is
    /// nothing to learn from.
    /// </summary>
    /// <param name="losses">One loss per sample, floating point: [batch]. Those of samples that do not count may have any value.</param>
    /// <returns>A scalar in the graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The shape is different, or the dtype is not floating-point.</exception>
    public Tensor Average(Tensor losses) => new SampleMask(_included).Average(losses);

    /// <summary>One line: how the solve went, and how many samples count if not all do.</summary>
    public override string ToString()
    {
        int count = _included.Count(included => included);
        return count == _included.Length ? Report.ToString()
            : string.Create(CultureInfo.InvariantCulture, $"{Report} {count} of {_included.Length} samples count in the loss.");
    }

    /// <summary>The output, which is the caller's from now on; the rest is disposed.</summary>
    internal Tensor OutputAlone()
    {
        Latent.Dispose();
        Penalties?.Dispose();
        return Output;
    }

    /// <summary>The same, whose tensors belong to the dispose scope around this one.</summary>
    internal ImplicitResult MovedToOuterDisposeScope()
    {
        Output.MoveToOuterDisposeScope();
        Latent.MoveToOuterDisposeScope();
        Penalties?.MoveToOuterDisposeScope();
        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Output.Dispose();
        Latent.Dispose();
        Penalties?.Dispose();
    }
}
