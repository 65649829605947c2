using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>u -> A u + b, A random symmetric, 50 x 50, spectral radius 0.9, float64, b of normal numbers, times a scale.</summary>
internal static class SymmetricMap
{
    /// <summary>Numbers in a latent.</summary>
    public const int Size = 50;

    private const double SpectralRadius = 0.9;

    public static PerSampleMap Create(Tensor matrix, Tensor offset) => new((u, b) => u.mm(matrix) + b, offset);

    /// <summary>A: [50, 50], and b: [samples, 50], by a random state of their own; both in the caller's dispose scope.</summary>
    public static (Tensor Matrix, Tensor Offset) Draw(ulong seed, double scale = 1, int samples = 1)
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(seed);
        Tensor drawn = randn([Size, Size], ScalarType.Float64, generator: generator);
        Tensor symmetric = (drawn + drawn.t()) / 2;
        Tensor matrix = symmetric * (SpectralRadius / linalg.eigvalsh(symmetric).abs().max());
        Tensor offset = randn([samples, Size], ScalarType.Float64, generator: generator) * scale;
        return (matrix.MoveToOuterDisposeScope(), offset.MoveToOuterDisposeScope());
    }
}
