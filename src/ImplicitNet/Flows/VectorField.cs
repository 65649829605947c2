using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// The right-hand side of <c>u' = f(t, u; q)</c> with <c>q</c> held fixed: what a flow follows, as a <see cref="FixedPointMap"/> is what a
/// fixed-point solver solves.
/// </summary>
/// <remarks>
/// <see cref="PerSampleField"/> and <see cref="CoupledField"/> wrap a function. A field must be one function of time and state: a dropout
/// mask is drawn once, and is an input. It is used by one solve at a time and is not thread-safe.
/// </remarks>
public abstract class VectorField : IDisposable
{
    /// <summary>Creates a field with these inputs.</summary>
    /// <param name="inputs">The tensors, other than u, that it computes with. The field owns them from now on and disposes them.</param>
    protected VectorField(MapInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        Inputs = inputs;
    }

    /// <summary>The tensors, other than u, that the field computes with. The field disposes them.</summary>
    public MapInputs Inputs { get; }

    /// <summary>
    /// True when the derivative of a sample depends on that sample alone. Only then has every sample steps of its own.
    /// </summary>
    public abstract bool IsPerSample { get; }

    /// <summary>Computes the derivative: one evaluation for every sample of the batch.</summary>
    /// <param name="time">t: [batch], each sample's own, in the dtype and on the device of the state; not changed.</param>
    /// <param name="state">u: [batch, ...], any floating-point dtype and device; not changed.</param>
    /// <returns>f(t, u; q): the shape, dtype and device of <paramref name="state"/>. The caller owns it.</returns>
    public abstract Tensor Evaluate(Tensor time, Tensor state);

    /// <summary>The same field with other inputs: those of some samples, or those that a gradient kept.</summary>
    /// <param name="inputs">As many as <see cref="Inputs"/>, for any batch size. The new field owns and disposes them.</param>
    /// <returns>A new field, which may outlive this one. The caller owns it.</returns>
    public abstract VectorField With(MapInputs inputs);

    /// <summary>The same field on some samples of the batch, in the order given.</summary>
    /// <param name="samples">Positions in the batch: [count], int64, on the device of the states.</param>
    /// <returns>A field for states of batch size <c>count</c>. The caller owns it; it must not outlive this one.</returns>
    /// <exception cref="InvalidOperationException">The field is not per-sample, or cannot be given other inputs.</exception>
    public VectorField Restrict(Tensor samples)
    {
        if (!IsPerSample)
        {
            throw new InvalidOperationException("A field whose samples depend on each other has no restriction to some of them.");
        }

        return With(Inputs.Restrict(samples))
            ?? throw new InvalidOperationException("The field with the inputs of some samples, With, is null.");
    }

    /// <summary>Releases the tensors that the field owns; never those that it was given.</summary>
    public virtual void Dispose()
    {
        Inputs.Dispose();
        GC.SuppressFinalize(this);
    }
}
