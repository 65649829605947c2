using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// A caller's map as the loop sees it: counts the evaluations paid and refuses a result that is no latent of the batch.
/// Restrictions count into the same meter.
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
    {
        _map = map;
        _meter = meter;
        _ownsMap = ownsMap;
    }

    /// <summary>Map applications so far, each counted once for every sample in it.</summary>
    public long Evaluations => _meter.Evaluations;

    /// <summary>Whether products with the Jacobian were differences of the map where autograd was asked for.</summary>
    public bool HasDifferences => _meter.HasDifferences;

    public override bool IsPerSample => _map.IsPerSample;

    public override IReadOnlyList<Tensor> Inputs => _map.Inputs;

    public override IReadOnlyList<Tensor>? Parameters => _map.Parameters;

    public override Tensor Evaluate(Tensor latent)
    {
        Tensor mapped = _map.Evaluate(latent);
        if (!latent.shape.AsSpan().SequenceEqual(mapped.shape))
        {
            throw new ArgumentException(
                $"The map must keep the shape of u. It was given [{string.Join(", ", latent.shape)}] and returned [{string.Join(", ", mapped.shape)}].");
        }

        if (mapped.dtype != latent.dtype)
        {
            throw new ArgumentException($"The map must keep the dtype of u. It was given {latent.dtype} and returned {mapped.dtype}.");
        }

        _meter.Evaluations += latent.shape[0];

        // An alias, so that a function may return its argument, or a tensor that it keeps, without losing it.
        return mapped.alias();
    }

    /// <summary>Counts work that is no application of the map but costs as much: products with its Jacobian.</summary>
    /// <param name="map">A map that counts; one without a meter is left alone.</param>
    /// <param name="evaluations">The applications it is worth.</param>
    public static void Charge(FixedPointMap map, long evaluations)
    {
        if (map is MeteredMap metered)
        {
            metered._meter.Evaluations += evaluations;
        }
    }

    /// <summary>Takes note that products with the Jacobian were differences, for the report.</summary>
    /// <param name="map">A map that counts; one without a meter is left alone.</param>
    public static void NoteDifferences(FixedPointMap map)
    {
        if (map is MeteredMap metered)
        {
            metered._meter.HasDifferences = true;
        }
    }

    public override FixedPointMap Restrict(Tensor samples) => new MeteredMap(_map.Restrict(samples), _meter, ownsMap: true);

    public override FixedPointMap With(IReadOnlyList<Tensor> inputs) => new MeteredMap(_map.With(inputs), _meter, ownsMap: true);

    public override void Dispose()
    {
        if (_ownsMap)
        {
            _map.Dispose();
        }
    }

    private sealed class Meter
    {
        public long Evaluations { get; set; }

        public bool HasDifferences { get; set; }
    }
}
