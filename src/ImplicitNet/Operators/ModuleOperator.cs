using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A latent operator made of any module of two inputs. Nothing is known about its contraction: watch the statuses, and measure it.
/// </summary>
public sealed class ModuleOperator : LatentOperator
{
    [ComponentName(Name = "module")]
    private readonly nn.Module<Tensor, Tensor, Tensor> _module;
    private readonly Func<long[], long[]>? _latentShape;

    /// <summary>
    /// Wraps a module that treats every sample by itself and is the same function in every call: batch normalisation and dropout in
    /// training mode are refused when q is bound.
    /// </summary>
    /// <param name="module">Takes u: [batch, ...] and q: [batch, ...], returns the shape of u. Owned from now on.</param>
    /// <param name="latentShape">Shape of one sample's latent; default: that of q.</param>
    public ModuleOperator(nn.Module<Tensor, Tensor, Tensor> module, params long[] latentShape)
        : this(latentShape is { Length: > 0 } ? _ => latentShape : null, module)
    {
    }

    /// <summary>Wraps such a module where the shape of the latent is not that of q but follows from it.</summary>
    /// <param name="module">Takes u: [batch, ...] and q: [batch, ...], returns the shape of u. Owned from now on.</param>
    /// <param name="latentShape">
    /// Takes the shape of one sample's q, such as [2C, H, W], and returns that of its latent, such as [C, H, W].
    /// </param>
    public ModuleOperator(nn.Module<Tensor, Tensor, Tensor> module, Func<long[], long[]> latentShape)
        : this(latentShape, module) => ArgumentNullException.ThrowIfNull(latentShape);

    private ModuleOperator(Func<long[], long[]>? latentShape, nn.Module<Tensor, Tensor, Tensor> module)
        : base(nameof(ModuleOperator))
    {
        ArgumentNullException.ThrowIfNull(module);
        _module = module;
        _latentShape = latentShape;
        RegisterComponents();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">
    /// A part of the module draws random numbers or looks across the batch in training mode.
    /// </exception>
    public override FixedPointMap Bind(Tensor q)
    {
        TensorCheck.EnsureBatch(q, nameof(q), "q", isNumber: false);
        TrainingParts.EnsureOneFunction(_module, mayCouple: false);
        return new PerSampleMap(
            (latent, inputs) => _module.call(latent, inputs.PerSample[0]),
            new MapInputs { PerSample = [q], Parameters = _module.parameters().Where(parameter => parameter.requires_grad) })
        {
            Kernel = _module is IKernelModule kernels ? (inputs, start) => kernels.TryKernel(start, inputs.PerSample[0]) : null,
        };
    }

    /// <inheritdoc/>
    public override Tensor StartingLatent(Tensor q) => Zeros(q, _latentShape);

    /// <summary>Zeros in the shape of q, or in the one that follows from that of a sample.</summary>
    internal static Tensor Zeros(Tensor q, Func<long[], long[]>? latentShape)
    {
        TensorCheck.EnsureBatch(q, nameof(q), "q", isNumber: latentShape is null);
        using IDisposable noGraph = no_grad();
        if (latentShape is null)
        {
            return zeros_like(q);
        }

        long[] shape = latentShape(q.shape[1..]) ?? throw new InvalidOperationException("The shape of the latent for that of q is null.");
        return LatentContract.Zeros([q.shape[0], .. shape], q.dtype, q.device);
    }
}
