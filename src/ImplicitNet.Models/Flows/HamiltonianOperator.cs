using ImplicitNet.Flows;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// The field of a Hamiltonian network: <c>q' = K^T tanh(K p + b)</c>, <c>p' = -L^T tanh(L q + c)</c> (Chang, Meng, Haber, Ruthotto, Begert
/// and Holtham, "Reversible architectures for arbitrarily deep residual neural networks", 2018; Haber and Ruthotto 2017).
/// </summary>
/// <remarks>
/// Both are gradients, of <c>sum log cosh(K p + b)</c> and <c>-sum log cosh(L q + c)</c>, so that there is an energy that flows keep and
/// states neither blow up nor die away. States: [batch, 2 width], positions before momenta.
/// </remarks>
/// <example>
/// <code>
/// using FlowLayer layer = new(new HamiltonianOperator(width: 4, hidden: 16))
/// {
///     Settings = new FlowSettings { Solver = new VerletSolver(), Steps = new FixedSteps(10) },
/// };
/// </code>
/// </example>
public sealed class HamiltonianOperator : FieldOperator
{
    [ComponentName(Name = "velocity")]
    private readonly Linear _velocity;

    [ComponentName(Name = "force")]
    private readonly Linear _force;

    /// <summary>Creates it, with weights drawn from torch's random state.</summary>
    /// <param name="width">Positions, and momenta, of a state; at least 1.</param>
    /// <param name="hidden">Rows of K and of L; at least 1.</param>
    public HamiltonianOperator(int width, int hidden)
        : base(nameof(HamiltonianOperator))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hidden, 1);
        (_velocity, _force) = (nn.Linear(width, hidden), nn.Linear(width, hidden));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override VectorField Bind() => new HamiltonianField(
        (momenta, _) => Gradient(_velocity, momenta), (positions, _) => -Gradient(_force, positions),
        new MapInputs { Parameters = parameters().Where(parameter => parameter.requires_grad) });

    /// <summary>That of sum log cosh(K x + b).</summary>
    private static Tensor Gradient(Linear layer, Tensor x) => nn.functional.linear(layer.call(x).tanh(), layer.weight!.t());
}
