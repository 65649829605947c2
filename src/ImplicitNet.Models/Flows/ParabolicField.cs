using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// A vector field that smooths, like heat: <c>f(u) = -K^T relu(K u + b)</c> (Ruthotto and Haber, "Deep neural networks motivated by partial
/// differential equations", 2020).
/// </summary>
/// <remarks>
/// It goes down a convex function, <c>|relu(K u + b)|^2 / 2</c>: two states never come further apart, whatever the weights, so that its
/// flow is stable against noise in its start. u and f(u): [batch, width].
/// </remarks>
/// <example>
/// <code>
/// using FlowLayer layer = new(new ParabolicField(width: 16, hidden: 32));
/// </code>
/// </example>
public sealed class ParabolicField : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "linear")]
    private readonly Linear _linear;

    /// <summary>Creates it, with weights drawn from torch's random state.</summary>
    /// <param name="width">Numbers of a state; at least 1.</param>
    /// <param name="hidden">Rows of K; at least 1.</param>
    public ParabolicField(int width, int hidden)
        : base(nameof(ParabolicField))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hidden, 1);
        _linear = nn.Linear(width, hidden);
        RegisterComponents();
    }

    /// <summary>The field.</summary>
    /// <param name="state">u: [batch, width].</param>
    /// <returns>The same shape. The caller owns it.</returns>
    public override Tensor forward(Tensor state)
    {
        using DisposeScope scope = NewDisposeScope();
        return nn.functional.linear(_linear.call(state).relu(), -_linear.weight!.t()).MoveToOuterDisposeScope();
    }
}
