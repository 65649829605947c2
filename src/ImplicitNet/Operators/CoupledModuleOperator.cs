using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A latent operator made of a module of two inputs that looks across the batch in training, such as one with batch normalisation inside R.
/// </summary>
/// <remarks>
/// In training mode the samples depend on each other: the map is a <see cref="CoupledMap"/>, the batch is solved as one system, and every
/// evaluation of the solve, as well as the first one with a graph, updates the running statistics, transient iterates included, as in the
/// published code; later evaluations, in backward passes, do not. In evaluation mode the statistics are constants and every sample is
/// solved by itself. Nothing is known about its contraction.
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

    /// <summary>Whether the library wrote the module: see <see cref="FixedPointMap.IsOwn"/>.</summary>
    internal bool IsOwn { get; init; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A part of the module draws random numbers in training mode.</exception>
    public override FixedPointMap Bind(Tensor q)
    {
        TensorCheck.EnsureBatch(q, nameof(q), "q", isNumber: false);
        TrainingParts.EnsureOneFunction(_module, mayCouple: training);
        MapInputs inputs = new() { PerSample = [q], Parameters = _module.parameters().Where(parameter => parameter.requires_grad) };
        if (!training)
        {
            return new PerSampleMap((latent, bound) => _module.call(latent, bound.PerSample[0]), inputs) { IsOwn = IsOwn };
        }

        bool isAttached = false;
        return new CoupledMap(
            (latent, bound) =>
            {
                using FrozenStatistics? frozen = isAttached ? new FrozenStatistics(TrainingParts.Statistics(_module)) : null;
                isAttached |= is_grad_enabled();
                return _module.call(latent, bound.PerSample[0]);
            },
            inputs)
        {
            IsOwn = IsOwn,
        };
    }

    /// <summary>Zeros in the shape and memory layout of q.</summary>
    /// <param name="q">[batch, ...].</param>
    /// <returns>[batch, ...], without a graph. The caller owns it.</returns>
    public override Tensor StartingLatent(Tensor q)
    {
        TensorCheck.EnsureBatch(q, nameof(q), "q");
        using IDisposable noGraph = no_grad();
        return zeros_like(q);
    }

    /// <summary>Running statistics that stay as they are until this is disposed: they move by a share of 0.</summary>
    private sealed class FrozenStatistics : IDisposable
    {
        private readonly (NormBase Norm, double? Momentum)[] _norms;

        public FrozenStatistics(NormBase[] norms)
        {
            _norms = [.. norms.Select(norm => (norm, norm.momentum))];
            foreach (NormBase norm in norms)
            {
                norm.momentum = 0;
            }
        }

        public void Dispose()
        {
            foreach ((NormBase norm, double? momentum) in _norms)
            {
                norm.momentum = momentum;
            }
        }
    }
}
