using ImplicitNet.Batches;
using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// A per-sample map by a function that captures tensors of samples, and so takes the whole batch alone: asked for some samples, it gives
/// the others the latent of one that is asked for, and takes the rows that are.
/// </summary>
/// <remarks>Its one input of samples is their positions in the batch, each at most once.</remarks>
internal sealed class WholeBatchMap : FixedPointMap
{
    private readonly Func<Tensor, Tensor> _function;
    private readonly long _batch;

    /// <summary>A map of all samples.</summary>
    /// <param name="function">Takes and returns [batch, ...].</param>
    /// <param name="start">Latents of that batch.</param>
    public WholeBatchMap(Func<Tensor, Tensor> function, Tensor start)
        : this(function, start.shape[0], All(start))
    {
    }

    private WholeBatchMap(Func<Tensor, Tensor> function, long batch, MapInputs inputs)
        : base(inputs)
    {
        _function = function;
        _batch = batch;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => true;

    /// <inheritdoc/>
    public override FixedPointMap With(MapInputs inputs) => new WholeBatchMap(_function, _batch, inputs);

    /// <inheritdoc/>
    public override Tensor Evaluate(Tensor latent) => TorchMessage.Guarded(
        (Map: this, Latent: latent),
        static given => given.Map.Evaluated(given.Latent),
        static (given, said) => new ArgumentException($"The function cannot take u, {TensorCheck.Describe(given.Latent)}: {said}"));

    private static MapInputs All(Tensor start)
    {
        Tensor positions = arange(start.shape[0], ScalarType.Int64, start.device).DetachFromDisposeScope();
        return new MapInputs { PerSample = [positions], Owned = [positions] };
    }

    private Tensor Evaluated(Tensor latent)
    {
        Tensor positions = Inputs.PerSample[0];
        using DisposeScope scope = NewDisposeScope();
        Tensor all = arange(_batch, ScalarType.Int64, latent.device);
        bool isWhole = latent.shape[0] == _batch && positions.eq(all).all().ToBoolean();
        Tensor given = isWhole ? latent : LatentLayout.SelectRows(latent, Sources(all, positions));
        Tensor mapped = LatentContract.Mapped(_function(given), given);

        // An alias: the function may return a tensor that it captures.
        return (isWhole ? mapped.alias() : LatentLayout.SelectRows(mapped, positions)).MoveToOuterDisposeScope();
    }

    /// <summary>For every sample the row that it is given: its own, or the first.</summary>
    private static Tensor Sources(Tensor all, Tensor positions) =>
        zeros_like(all).index_copy_(0, positions, all.narrow(0, 0, positions.shape[0]));
}
