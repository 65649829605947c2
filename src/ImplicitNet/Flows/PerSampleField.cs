using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>A field that treats every sample by itself: row <c>i</c> of the derivative depends on sample <c>i</c> alone.</summary>
/// <remarks>The caller must make sure of that. A function that looks across the batch belongs in a <see cref="CoupledField"/>.</remarks>
/// <example>
/// <code>
/// using PerSampleField decay = new((t, u) => -u);
/// using PerSampleField pendulum = new((t, u, inputs) => ..., new MapInputs { PerSample = [lengths], Parameters = net.parameters() });
/// </code>
/// </example>
public sealed class PerSampleField : VectorField
{
    private readonly Func<Tensor, Tensor, MapInputs, Tensor> _function;

    /// <summary>Creates a field without inputs: <c>(t, u) -> function(t, u)</c>.</summary>
    /// <param name="function">Takes t: [batch] and u: [batch, ...], returns the shape of u; called with any batch size.</param>
    public PerSampleField(Func<Tensor, Tensor, Tensor> function)
        : this((time, state, _) => function(time, state), MapInputs.None) =>
        ArgumentNullException.ThrowIfNull(function);

    /// <summary>Creates a field with inputs, per sample and shared: <c>(t, u) -> function(t, u, inputs)</c>.</summary>
    /// <param name="function">Takes t: [batch], u: [batch, ...] and the inputs, returns the shape of u; called with any batch size.</param>
    /// <param name="inputs">What it computes with; disposed with the field.</param>
    public PerSampleField(Func<Tensor, Tensor, MapInputs, Tensor> function, MapInputs inputs)
        : base(inputs)
    {
        ArgumentNullException.ThrowIfNull(function);
        _function = function;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => true;

    /// <inheritdoc/>
    public override Tensor Evaluate(Tensor time, Tensor state) => _function(time, state, Inputs);

    /// <inheritdoc/>
    public override VectorField With(MapInputs inputs) => new PerSampleField(_function, inputs);
}
