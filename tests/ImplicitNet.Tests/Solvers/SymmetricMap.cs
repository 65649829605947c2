using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>u -> A u + b, A random symmetric, 50 x 50, spectral radius 0.9, float64, b of normal numbers, times a scale.</summary>
internal static class SymmetricMap
{
    public static PerSampleMap Create(Tensor matrix, Tensor offset) => new((u, b) => u.mm(matrix) + b, offset);

    /// <summary>A and b; both in the caller's dispose scope.</summary>
    public static (Tensor Matrix, Tensor Offset) Draw(long seed, double scale = 1, int samples = 1)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(seed);
        Tensor drawn = randn(50, 50, ScalarType.Float64);
        Tensor symmetric = (drawn + drawn.t()) / 2;
        Tensor matrix = symmetric * (0.9 / linalg.eigvalsh(symmetric).abs().max());
        Tensor offset = randn(samples, 50, ScalarType.Float64) * scale;
        return (matrix.MoveToOuterDisposeScope(), offset.MoveToOuterDisposeScope());
    }
}
