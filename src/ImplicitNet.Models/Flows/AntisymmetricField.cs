using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// A vector field that neither grows nor dies away: <c>f(u) = tanh((W - W^T - damping I) u + b)</c> (Haber and Ruthotto, "Stable
/// architectures for deep neural networks", 2017).
/// </summary>
/// <remarks>
/// The eigenvalues of an antisymmetric matrix are imaginary: those of the matrix here have a real part of -damping, whatever the weights.
/// u and f(u): [batch, width]. For a <see cref="ImplicitNet.Networks.FlowLayer"/>; with Euler steps a little damping keeps them stable.
/// </remarks>
/// <example>
/// <code>
/// using FlowLayer layer = new(new AntisymmetricField(16));
/// </code>
/// </example>
public sealed class AntisymmetricField : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "linear")]
    private readonly Linear _linear;

    /// <summary>Creates it, with weights drawn from torch's random state.</summary>
    /// <param name="width">Numbers of a state; at least 1.</param>
    /// <param name="damping">What the real part of the eigenvalues is below 0; at least 0 and finite; default 0.</param>
    public AntisymmetricField(int width, double damping = 0)
        : base(nameof(AntisymmetricField))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        Damping = damping is >= 0 and < double.PositiveInfinity
            ? damping
            : throw new ArgumentOutOfRangeException(nameof(damping), damping, "The damping must be at least 0 and finite.");
        _linear = nn.Linear(width, width);
        RegisterComponents();
    }

    /// <summary>What the real part of the eigenvalues is below 0.</summary>
    public double Damping { get; }

    /// <summary>The field.</summary>
    /// <param name="state">u: [batch, width].</param>
    /// <returns>The same shape. The caller owns it.</returns>
    public override Tensor forward(Tensor state)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sum = nn.functional.linear(state, _linear.weight! - _linear.weight!.t(), _linear.bias);
        return (Damping == 0 ? sum : sum - (Damping * state)).tanh().MoveToOuterDisposeScope();
    }
}
