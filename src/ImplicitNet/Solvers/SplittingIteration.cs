using ImplicitNet.Batches;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>One solve by a splitting: every iterate is measured by a product with W of its own, by which the next one is found.</summary>
internal abstract class SplittingIteration : FixedPointIteration
{
    private FixedPointMap _map;
    private SplittingMap _splitting;
    private Tensor _latent;

    protected SplittingIteration(FixedPointMap map, SplittingMap splitting, Tensor start)
    {
        _map = map;
        _splitting = splitting;
        _latent = start.alias().DetachFromDisposeScope();
    }

    public sealed override FixedPointStep Step()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor latent = _latent;
        long before = _splitting.InnerProducts;
        (Tensor mapped, Tensor next) = LatentContract.Guarded(_splitting, latent, this, static (splitting, latent, own) =>
        {
            Tensor affine = LatentContract.Mapped(splitting.Affine(latent), latent);
            return (LatentContract.Mapped(splitting.Activate(affine, 1), latent), own.Next(splitting, latent, affine));
        });
        (_map as MeteredMap)?.Charge(latent.shape[0] + _splitting.InnerProducts - before);

        // Aliases: an activation may return what it was given, which the iteration may keep.
        _latent = LatentContract.Mapped(next, latent).alias().DetachFromDisposeScope();
        return FixedPointStep.OfMapped(latent, mapped.alias().DetachFromDisposeScope());
    }

    public override void Restrict(FixedPointMap map, Tensor samples)
    {
        Tensor rows = LatentLayout.SelectRows(_latent, samples).DetachFromDisposeScope();
        _latent.Dispose();
        _latent = rows;
        (_map, _splitting) = (map, SplittingMap.Behind(map)!);
    }

    public override void Dispose() => _latent.Dispose();

    /// <summary>The next iterate.</summary>
    /// <param name="map">The splitting.</param>
    /// <param name="latent">u.</param>
    /// <param name="affine">W u + q.</param>
    /// <returns>In the scope of the step.</returns>
    protected abstract Tensor Next(SplittingMap map, Tensor latent, Tensor affine);

    /// <summary><c>u + alpha (W u + q - u)</c>: a step against F u - q.</summary>
    protected static Tensor Forward(Tensor latent, Tensor affine, double alpha) => lerp(latent, affine, alpha);
}
