using ImplicitNet.Solvers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A module of two inputs that looks across the batch while it is trained, by batch normalisation inside R, as a latent
/// operator.
/// </summary>
/// <remarks>
/// In training mode the samples depend on each other: the map is a <see cref="CoupledMap"/>, the batch is solved as one
/// system, and every evaluation of the solve moves the running statistics, transient iterates included. In evaluation
/// mode the statistics are constants and every sample is solved by itself. Nothing is known of its contraction.
/// </remarks>
public sealed class CoupledModuleOperator : LatentOperator
{
    [ComponentName(Name = "module")]
    private readonly nn.Module<Tensor, Tensor, Tensor> _module;

    /// <summary>Wraps a module whose latent has the shape of q.</summary>
    /// <param name="module">Takes u: [batch, ...] and q: [batch, ...], returns the shape of u. Owned from now on.</param>
    public CoupledModuleOperator(nn.Module<Tensor, Tensor, Tensor> module)
        : base(nameof(CoupledModuleOperator))
    {
        ArgumentNullException.ThrowIfNull(module);
        _module = module;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override FixedPointMap Bind(Tensor q)
    {
        ArgumentNullException.ThrowIfNull(q);
        Tensor[] parameters = [.. _module.parameters().Where(parameter => parameter.requires_grad)];
        return training
            ? new CoupledMap((latent, inputs) => _module.call(latent, inputs[0]), [q], parameters)
            : new PerSampleMap((latent, input, _) => _module.call(latent, input), q, weights: [], parameters);
    }

    /// <summary>Zeros in the shape and memory layout of q.</summary>
    /// <param name="q">[batch, ...].</param>
    /// <returns>[batch, ...], without a graph. The caller owns it.</returns>
    public override Tensor StartingLatent(Tensor q)
    {
        ArgumentNullException.ThrowIfNull(q);
        using IDisposable noGraph = no_grad();
        return zeros_like(q);
    }
}
