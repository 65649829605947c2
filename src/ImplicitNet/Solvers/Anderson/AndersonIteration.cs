using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>One solve by Anderson acceleration; see <see cref="AndersonSolver"/>.</summary>
internal sealed class AndersonIteration : FixedPointIteration, ISecantChoice
{
    private readonly SecantHistory _history;
    private FixedPointMap _map;
    private Tensor _latent;
    private SecantSystem[] _systems;
    private SecantSafeguard[] _safeguards;

    public AndersonIteration(FixedPointMap map, Tensor start, AndersonSolver options)
    {
        int count = (int)start.shape[0];
        _history = SecantHistory.Of(start, options);
        _map = map;
        _latent = start.alias().DetachFromDisposeScope();
        bool isSeparable = start.numel() > (long)count * options.Memory;
        double dependence = _history.Dependence(Precision.Of(start.dtype));
        _systems = [.. Enumerable.Range(0, count).Select(_ => new SecantSystem(options.Memory, dependence, isSeparable))];
        _safeguards = [.. Enumerable.Range(0, count).Select(_ => NewSafeguard(options))];
    }

    public override FixedPointStep Step()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor measured = _latent;
        Tensor mapped = _map.Evaluate(measured);
        LatentLayout layout = LatentLayout.Of(mapped);
        (Tensor next, bool[] rejected) = _history.Advance(layout.Flatten(measured), layout.Flatten(mapped), this);
        _latent = layout.Restore(next).DetachFromDisposeScope();
        return FixedPointStep.OfMapped(measured, mapped.alias().DetachFromDisposeScope(), rejected);
    }

    public override void Restrict(FixedPointMap map, Tensor samples)
    {
        long[] kept = [.. samples.cpu().data<long>()];
        Tensor rows = LatentLayout.SelectRows(_latent, samples).DetachFromDisposeScope();
        _latent.Dispose();
        _latent = rows;
        _history.Restrict(samples);
        _map = map;
        _systems = [.. kept.Select(sample => _systems[sample])];
        _safeguards = [.. kept.Select(sample => _safeguards[sample])];
    }

    public override void Dispose()
    {
        _latent.Dispose();
        _history.Dispose();
    }

    private static SecantSafeguard NewSafeguard(AndersonSolver options) =>
        new(options.SafeguardFactor, options.Mixing, options.Retries, options.Variant);

    void ISecantChoice.Begin(int sample, double norm) => _safeguards[sample].Begin(norm);

    SecantStep ISecantChoice.Choose(int sample, in SecantProducts products, Span<double> gamma, Span<double> overlaps)
    {
        (SecantSafeguard safeguard, SecantSystem system) = (_safeguards[sample], _systems[sample]);
        if (safeguard.TakesBack(products, out SecantStep step))
        {
            if (step.Share > 0)
            {
                system.Forget(products.Newest);
            }
            else
            {
                system.Clear();
            }

            return step;
        }

        safeguard.Accept(products);
        if (safeguard.IsHistorySpent)
        {
            system.Clear();
        }

        system.Store(products);
        if (safeguard.HasFallen)
        {
            system.Separate(products.Newest, overlaps);
        }

        safeguard.IsAccelerated = safeguard.MayAccelerate && system.Solve(products.Newest, gamma);
        for (int slot = 0; slot < gamma.Length; slot++)
        {
            // The newest difference still has its parts along the others.
            gamma[slot] -= gamma[products.Newest] * overlaps[slot];
        }

        return new SecantStep { IsKept = true, Mixing = safeguard.Mixing };
    }
}
