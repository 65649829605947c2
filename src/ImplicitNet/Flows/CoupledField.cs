using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// A field whose samples depend on each other, such as bodies that attract each other, one a row. The whole batch is one system: all
/// samples take the same steps and end with the same status.
/// </summary>
public sealed class CoupledField : VectorField
{
    private readonly Func<Tensor, Tensor, MapInputs, Tensor> _function;

    /// <summary>Wraps a function of the whole batch.</summary>
    /// <param name="function">Takes t: [batch], the same number in every place, and u: [batch, ...]; returns the shape of u.</param>
    public CoupledField(Func<Tensor, Tensor, Tensor> function)
        : this((time, state, _) => function(time, state), MapInputs.None) =>
        ArgumentNullException.ThrowIfNull(function);

    /// <summary>Wraps a function of the whole batch that declares what it computes with.</summary>
    /// <param name="function">Takes t: [batch], u: [batch, ...] and the inputs, returns the shape of u.</param>
    /// <param name="inputs">What it computes with; disposed with the field.</param>
    public CoupledField(Func<Tensor, Tensor, MapInputs, Tensor> function, MapInputs inputs)
        : base(inputs)
    {
        ArgumentNullException.ThrowIfNull(function);
        _function = function;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => false;

    /// <inheritdoc/>
    public override Tensor Evaluate(Tensor time, Tensor state) => _function(time, state, Inputs);

    /// <inheritdoc/>
    public override VectorField With(MapInputs inputs) => new CoupledField(_function, inputs);
}
