using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>
/// A caller's map as the loop and a linearization see it: counts the evaluations paid, refuses a result that is no latent of the batch,
/// and keeps a map that writes into its argument, or into a value that it has returned, away from the solver's tensors. Restrictions
/// count into the same meter.
/// </summary>
internal sealed class MeteredMap : FixedPointMap
{
    private readonly FixedPointMap _map;
    private readonly Meter _meter;
    private readonly bool _ownsMap;

    public MeteredMap(FixedPointMap map)
        : this(map, new Meter(), ownsMap: false)
    {
    }

    private MeteredMap(FixedPointMap map, Meter meter, bool ownsMap)
        : base(map.Inputs.Borrowed())
    {
        _map = map;
        _meter = meter;
        _ownsMap = ownsMap;
        IsSymmetric = map.IsSymmetric;
    }

    /// <summary>Map applications so far, each counted once for every sample in it.</summary>
    public long Evaluations => _meter.Evaluations;

    /// <summary>Whether products with the Jacobian were differences of the map where autograd was asked for.</summary>
    public bool HasDifferences => _meter.HasDifferences;

    public override bool IsPerSample => _map.IsPerSample;

    /// <summary>The caller's map.</summary>
    public FixedPointMap Given => _map;

    public override Tensor Evaluate(Tensor latent)
    {
        bool isFirst = _meter.Evaluations == 0;
        _meter.Evaluations += latent.shape[0];

        // An alias, so that a map may return its argument, or a tensor that it keeps, without losing it.
        return _map.IsOwn ? LatentContract.Evaluate(_map, latent).alias()
            : isFirst ? WatchingInputs(latent)
            : OnCopies(latent);
    }

    /// <summary>Counts work that is no application of the map but costs as much: products with its Jacobian.</summary>
    /// <param name="evaluations">The applications it is worth.</param>
    public void Charge(long evaluations) => _meter.Evaluations += evaluations;

    /// <summary>Takes note that products with the Jacobian were differences, for the report.</summary>
    public void NoteDifferences() => _meter.HasDifferences = true;

    public override FixedPointMap With(MapInputs inputs) => new MeteredMap(
        _map.With(inputs) ?? throw new InvalidOperationException("The map with other inputs, With, is null."), _meter, ownsMap: true);

    public override void Dispose()
    {
        base.Dispose();
        if (_ownsMap)
        {
            _map.Dispose();
        }
    }

    private Tensor WatchingInputs(Tensor latent)
    {
        using InputGuard guard = new(LatentContract.Inputs(_map).Tensors);
        Tensor mapped = OnCopies(latent);
        guard.ThrowIfChanged();
        return mapped;
    }

    private Tensor OnCopies(Tensor latent)
    {
        using DisposeScope scope = NewDisposeScope();
        return LatentContract.EvaluateCopy(_map, latent).clone().MoveToOuterDisposeScope();
    }

    private sealed class Meter
    {
        public long Evaluations { get; set; }

        public bool HasDifferences { get; set; }
    }
}
