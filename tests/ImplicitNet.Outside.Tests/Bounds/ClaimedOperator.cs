using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>An operator of the library: what is claimed of its norm, what it does, and the same as a plain matrix.</summary>
/// <param name="Name">What findings call it.</param>
/// <param name="Claims">Numbers that are said to be at least the norm, each with its name.</param>
/// <param name="Matrix">The operator, or one that it is at most as large as.</param>
internal sealed record ClaimedOperator(string Name, IReadOnlyList<(string Name, double Value)> Claims, PlainOperator Matrix)
{
    /// <summary>What it makes of a batch of one, to show that the matrix is the operator; null where another shows it.</summary>
    public Func<Tensor, Tensor>? Apply { get; init; }

    /// <summary>The shape of what it is applied to.</summary>
    public long[] InputShape { get; init; } = [];

    /// <summary>Of the weight.</summary>
    public ScalarType Dtype { get; init; }

    /// <summary>The norm of vectors that all numbers are in: L2 or a maximum.</summary>
    public ResidualNorm Norm { get; init; } = ResidualNorm.L2;

    /// <summary>How large the sums are that it makes of a vector of length 1, before anything cancels; rounding is a share of that.</summary>
    public double Size { get; init; } = 1;

    /// <summary>How large sums are that cancel in it, so that what is measured may be off by their rounding.</summary>
    public double Cancelled { get; init; }

    /// <summary>The length of what it adds, and <see cref="Apply"/> takes off again, so that the rounding of both stays.</summary>
    public double Added { get; init; }

    /// <summary>Numbers that are said to be at most the norm, such as measured ones.</summary>
    public IReadOnlyList<(string Name, double Value)> LowerBounds { get; init; } = [];
}
