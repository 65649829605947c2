using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>A map that treats every sample by itself: sample <c>i</c> of the result depends on sample <c>i</c> alone.</summary>
/// <remarks>
/// The caller must make sure of that. A function that looks across the batch (such as batch normalisation in training mode) belongs in a
/// <see cref="CoupledMap"/>.
/// </remarks>
public sealed class PerSampleMap : FixedPointMap
{
    private readonly Func<Tensor, MapInputs, Tensor> _function;

    /// <summary>Creates a map without inputs: <c>u -> function(u)</c>.</summary>
    /// <param name="function">Takes and returns [batch, ...]; called with any batch size.</param>
    public PerSampleMap(Func<Tensor, Tensor> function)
        : this((latent, _) => function(latent), MapInputs.None) =>
        ArgumentNullException.ThrowIfNull(function);

    /// <summary>Creates a map with one input per sample: <c>u -> function(u, q)</c>.</summary>
    /// <param name="function">Takes u: [batch, ...] and q: [batch, ...], returns the shape of u; called with any batch size.</param>
    /// <param name="input">q: [batch, ...]; the caller keeps it.</param>
    /// <param name="owned">What is disposed together with the map, such as q itself.</param>
    public PerSampleMap(Func<Tensor, Tensor, Tensor> function, Tensor input, IDisposable? owned = null)
        : this((latent, inputs) => function(latent, inputs.PerSample[0]), Single(input, owned)) =>
        ArgumentNullException.ThrowIfNull(function);

    /// <summary>Creates a map with any inputs, per sample and shared: <c>u -> function(u, inputs)</c>.</summary>
    /// <param name="function">Takes u: [batch, ...] and the inputs, returns the shape of u; called with any batch size.</param>
    /// <param name="inputs">What it computes with; disposed with the map.</param>
    public PerSampleMap(Func<Tensor, MapInputs, Tensor> function, MapInputs inputs)
        : base(inputs)
    {
        ArgumentNullException.ThrowIfNull(function);
        _function = function;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => true;

    /// <summary>
    /// Makes of the inputs and the start what evaluates the same to the bit, sample by sample in plain memory, or null where it cannot.
    /// None by default.
    /// </summary>
    internal Func<MapInputs, Tensor, SampleKernel?>? Kernel { get; init; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Torch refuses an operation of the function.</exception>
    public override Tensor Evaluate(Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(latent);
        return LatentContract.Guarded(this, latent, static (map, latent) => map._function(latent, map.Inputs));
    }

    /// <inheritdoc/>
    public override FixedPointMap With(MapInputs inputs) =>
        new PerSampleMap(_function, inputs)
        {
            IsOwn = IsOwn,
            IsSymmetric = IsSymmetric,
            ErrorBound = ErrorBound,
            Kernel = Kernel,
        };

    private static MapInputs Single(Tensor input, IDisposable? owned)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new MapInputs { PerSample = [input], Owned = owned is null ? [] : [owned] };
    }
}
