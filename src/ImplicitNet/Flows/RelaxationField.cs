using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// <c>u' = R(u, q) - u</c>: the flow whose steady states are the fixed points of a map. One Euler step of length 1 is one application of R.
/// </summary>
public sealed class RelaxationField : VectorField
{
    private readonly FixedPointMap _map;
    private readonly bool _ownsMap;

    /// <summary>Creates the field of a map.</summary>
    /// <param name="map">R with q held fixed. The caller keeps it.</param>
    public RelaxationField(FixedPointMap map)
        : this(map ?? throw new ArgumentNullException(nameof(map)), ownsMap: false)
    {
    }

    private RelaxationField(FixedPointMap map, bool ownsMap)
        : base(map.Inputs.Borrowed())
    {
        _map = map;
        _ownsMap = ownsMap;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => _map.IsPerSample;

    /// <inheritdoc/>
    public override Tensor Evaluate(Tensor time, Tensor state) => LatentContract.EvaluateCopy(_map, state) - state;

    /// <inheritdoc/>
    public override VectorField With(MapInputs inputs) => new RelaxationField(_map.With(inputs), ownsMap: true);

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        if (_ownsMap)
        {
            _map.Dispose();
        }
    }
}
