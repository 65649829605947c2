using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// The field of a separable Hamiltonian, of positions q and momenta p: <c>q' = velocity(p)</c>, <c>p' = force(q)</c>, each the gradient of
/// an energy. For <see cref="VerletSolver"/>, and for every other method.
/// </summary>
/// <remarks>
/// A state is [batch, 2 n, ...]: first the n positions, then as many momenta. Each sample by itself. That both are gradients is the
/// caller's part: without it there is no energy to keep.
/// </remarks>
/// <example>
/// <code>
/// using HamiltonianField pendulum = new(velocity: p => p, force: q => -q.sin());
/// </code>
/// </example>
public sealed class HamiltonianField : VectorField
{
    private readonly Func<Tensor, MapInputs, Tensor> _velocity;
    private readonly Func<Tensor, MapInputs, Tensor> _force;

    /// <summary>Creates a field without inputs.</summary>
    /// <param name="velocity">Takes p: [batch, n, ...], returns q'; called with any batch size.</param>
    /// <param name="force">Takes q: [batch, n, ...], returns p'; called with any batch size.</param>
    public HamiltonianField(Func<Tensor, Tensor> velocity, Func<Tensor, Tensor> force)
        : this((momenta, _) => velocity(momenta), (positions, _) => force(positions), MapInputs.None)
    {
        ArgumentNullException.ThrowIfNull(velocity);
        ArgumentNullException.ThrowIfNull(force);
    }

    /// <summary>Creates a field with inputs, per sample and shared.</summary>
    /// <param name="velocity">Takes p: [batch, n, ...] and the inputs, returns q'; called with any batch size.</param>
    /// <param name="force">Takes q: [batch, n, ...] and the inputs, returns p'; called with any batch size.</param>
    /// <param name="inputs">What both compute with; disposed with the field.</param>
    public HamiltonianField(Func<Tensor, MapInputs, Tensor> velocity, Func<Tensor, MapInputs, Tensor> force, MapInputs inputs)
        : base(inputs)
    {
        ArgumentNullException.ThrowIfNull(velocity);
        ArgumentNullException.ThrowIfNull(force);
        (_velocity, _force) = (velocity, force);
    }

    /// <inheritdoc/>
    public override bool IsPerSample => true;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The state has no two halves.</exception>
    public override Tensor Evaluate(Tensor time, Tensor state)
    {
        (Tensor positions, Tensor momenta) = Halves(state);
        return cat([_velocity(momenta, Inputs), _force(positions, Inputs)], 1);
    }

    /// <inheritdoc/>
    public override VectorField With(MapInputs inputs) => new HamiltonianField(_velocity, _force, inputs);

    /// <summary>What moves positions alone: 0 for momenta.</summary>
    internal Tensor Drift(Tensor state)
    {
        (Tensor positions, Tensor momenta) = Halves(state);
        return cat([_velocity(momenta, Inputs), zeros_like(positions)], 1);
    }

    /// <summary>What moves momenta alone: 0 for positions.</summary>
    internal Tensor Kick(Tensor state)
    {
        (Tensor positions, Tensor momenta) = Halves(state);
        return cat([zeros_like(momenta), _force(positions, Inputs)], 1);
    }

    private static (Tensor Positions, Tensor Momenta) Halves(Tensor state)
    {
        if (state.ndim < 2 || state.shape[1] % 2 != 0)
        {
            throw new ArgumentException(
                $"A state of positions and as many momenta is [batch, 2 n, ...]. Given: {TensorCheck.Describe(state)}.", nameof(state));
        }

        long half = state.shape[1] / 2;
        return (state.narrow(1, 0, half), state.narrow(1, half, half));
    }
}
