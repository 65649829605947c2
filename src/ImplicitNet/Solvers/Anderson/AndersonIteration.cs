using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>One solve by Anderson acceleration; see <see cref="AndersonSolver"/>.</summary>
internal sealed class AndersonIteration : FixedPointIteration
{
    private readonly SecantHistory _history;
    private FixedPointMap _map;
    private Tensor _latent;
    private SecantChoice[] _choices;

    public AndersonIteration(FixedPointMap map, Tensor start, AndersonSolver options)
    {
        int count = (int)start.shape[0];
        _history = SecantHistory.Of(start, options);
        _map = map;
        _latent = start.alias().DetachFromDisposeScope();
        double dependence = _history.Dependence(Precision.Of(start.dtype));
        long size = start.numel() / Math.Max(1, count);
        _choices = [.. Enumerable.Range(0, count).Select(_ => new SecantChoice(options, size, dependence))];
    }

    public override FixedPointStep Step()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor measured = _latent;
        Tensor mapped = _map.Evaluate(measured);
        LatentLayout layout = LatentLayout.Of(mapped);
        (Tensor next, bool[] rejected) = _history.Advance(layout.Flatten(measured), layout.Flatten(mapped), _choices);
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
        _choices = [.. kept.Select(sample => _choices[sample])];
    }

    public override void Dispose()
    {
        _latent.Dispose();
        _history.Dispose();
    }
}
