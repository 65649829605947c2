using ImplicitNet.Flows;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>The f of a flow, with the parameters it learns.</summary>
public abstract class FieldOperator : nn.Module
{
    /// <summary>Creates it under a module name.</summary>
    protected FieldOperator(string name)
        : base(name)
    {
    }

    /// <summary>Prepares the weights, once for all the evaluations of a flow.</summary>
    /// <returns>
    /// The field; it builds a graph wherever gradients are enabled, and names its parameters (<see cref="Solvers.MapInputs.Parameters"/>).
    /// The caller owns it.
    /// </returns>
    public abstract VectorField Bind();
}
