using ImplicitNet.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// The tensors, other than u, that a map computes with: those that belong to samples, those that all samples share, and the parameters
/// behind them. With these a solver takes samples out of the batch, and a gradient evaluates the map again after it has been disposed.
/// </summary>
/// <remarks>
/// A mask or any other random draw is an input: drawn once, where the map is made, it is the same in every evaluation of the solve.
/// </remarks>
public sealed class MapInputs : IDisposable
{
    /// <summary>The inputs of a map that declares none.</summary>
    public static MapInputs None { get; } = new();

    /// <summary>
    /// The tensors that belong to samples (q, a mask, a position), each [batch, ...]. A sample that leaves the batch takes its rows with
    /// it.
    /// </summary>
    public IReadOnlyList<Tensor> PerSample
    {
        get;
        init => field = Present(value, nameof(PerSample));
    } = [];

    /// <summary>The tensors that all samples share, prepared for this solve, such as a weight divided by its bound.</summary>
    public IReadOnlyList<Tensor> Shared
    {
        get;
        init => field = Present(value, nameof(Shared));
    } = [];

    /// <summary>
    /// The parameters, other than those tensors, at which a graph through the map ends, such as <c>module.parameters()</c>; null, the
    /// default, if they are not known. They are needed for second derivatives, and for unrolling with little memory.
    /// </summary>
    public IEnumerable<Tensor>? Parameters
    {
        get => ParameterList;
        init => ParameterList = value is null ? null : Present([.. value], nameof(Parameters));
    }

    /// <summary>What is disposed together with these inputs: the tensors that have no other owner. Empty by default.</summary>
    public IReadOnlyList<IDisposable> Owned
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Owned));
    } = [];

    /// <summary>The parameters as they were named, once.</summary>
    internal IReadOnlyList<Tensor>? ParameterList { get; private init; }

    /// <summary>Those of samples and those that are shared, in this order: what a gradient keeps.</summary>
    internal IReadOnlyList<Tensor> Tensors => field ??= [.. PerSample, .. Shared];

    /// <summary>Disposes what these inputs own.</summary>
    public void Dispose()
    {
        foreach (IDisposable owned in Owned)
        {
            owned.Dispose();
        }
    }

    /// <summary>The inputs of some samples, which own their rows.</summary>
    /// <param name="samples">Positions in the batch: [count], int64.</param>
    internal MapInputs Restrict(Tensor samples)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] rows = [.. PerSample.Select(input => LatentLayout.SelectRows(input, samples).DetachFromDisposeScope())];
        return new MapInputs { PerSample = rows, Shared = Shared, ParameterList = ParameterList, Owned = rows };
    }

    /// <summary>The same with other tensors in place of <see cref="Tensors"/>: as many, which stay the caller's.</summary>
    internal MapInputs With(IReadOnlyList<Tensor> tensors) => new()
    {
        PerSample = [.. tensors.Take(PerSample.Count)],
        Shared = [.. tensors.Skip(PerSample.Count)],
        ParameterList = ParameterList,
    };

    /// <summary>The same tensors, which stay the owner's.</summary>
    internal MapInputs Borrowed() => With(Tensors);

    /// <summary>The same of each tensor.</summary>
    internal MapInputs Select(Func<Tensor, Tensor> other) => With([.. Tensors.Select(other)]);

    private static IReadOnlyList<Tensor> Present(IReadOnlyList<Tensor>? tensors, string name)
    {
        ArgumentNullException.ThrowIfNull(tensors, name);
        return tensors.Contains(null!) ? throw new ArgumentException("A tensor is null.", name) : tensors;
    }
}
