using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>What the loop, <see cref="LinearRun"/>, has to know of a method.</summary>
/// <param name="Begin">Begins a cycle from residuals of norm 1: [count, n].</param>
/// <param name="MaxProducts">Products after which a sample is given up.</param>
internal sealed record KrylovMethod(Func<Tensor, KrylovCycle> Begin, int MaxProducts)
{
    /// <summary>Products after which a cycle is given up for a new one.</summary>
    public int CycleProducts { get; init; } = int.MaxValue;

    /// <summary>Products until the residual is less; a cycle gets a multiple of this.</summary>
    public int StepProducts { get; init; } = 1;

    /// <summary>Whether the residual of the recurrence is not to be relied on: a product is set aside to measure the true one.</summary>
    public bool IsDrifting { get; init; }
}
