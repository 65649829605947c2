using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>Holds what is claimed of an operator against its norm.</summary>
internal static class BoundJudge
{
    // Rounding of a decomposition in float64, with room.
    private const double Rounding = 1e-12;

    /// <summary>What is wrong with the claims; null where nothing is.</summary>
    public static string? Objection(ClaimedOperator claimed, Random random)
    {
        double norm = claimed.Matrix.Norm(claimed.Norm);
        foreach ((string name, double value) in claimed.Claims)
        {
            // Of a weight that is not finite nothing can be claimed: no number, or one that says nothing.
            bool holds = double.IsNaN(norm) ? !double.IsFinite(value) || name is "promised" or "declared" : value >= norm * (1 - Rounding);
            if (!holds)
            {
                return $"{name} {value:r}, the norm is {norm:r}";
            }
        }

        // A norm that is known from below alone says nothing of what lies below it: the claims do.
        double most = claimed.Matrix.IsExact || claimed.Norm != ResidualNorm.L2 ? norm : claimed.Claims.Min(claim => claim.Value);
        foreach ((string name, double value) in claimed.LowerBounds)
        {
            // Measured in the dtype of the weight.
            if (double.IsFinite(norm) && !(value <= (most * (1 + Unit(claimed.Dtype, 100))) + Unit(claimed.Dtype, 10 * claimed.Cancelled) + 1e-30))
            {
                return $"{name} {value:r} is no lower bound, the norm is {most:r}";
            }
        }

        return claimed.Apply is null || double.IsNaN(norm) ? null : Deviation(claimed, random);
    }

    /// <summary>Whether the layer does to a random input what the matrix does: else the norm would be that of something else.</summary>
    private static string? Deviation(ClaimedOperator claimed, Random random)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        long count = claimed.InputShape.Aggregate(1L, (product, side) => product * side);
        Tensor input = tensor(random.Numbers((int)count, random.Normal), claimed.InputShape).to(claimed.Dtype);
        double[] plainInput = [.. input.to(ScalarType.Float64).reshape(-1).contiguous().data<double>()];
        double[] output = [.. claimed.Apply!(input).to(ScalarType.Float64).reshape(-1).contiguous().data<double>()];
        double[] plain = claimed.Matrix.Apply(plainInput);
        double length = Math.Sqrt(plainInput.Sum(one => one * one));
        double apart = Math.Sqrt(output.Zip(plain, (one, other) => (one - other) * (one - other)).Sum());
        return apart <= (Unit(claimed.Dtype, 50) * claimed.Size * length) + (Unit(claimed.Dtype, 2) * claimed.Added)
            ? null
            : $"it does something else than its matrix: {apart:g3} apart for a vector of length {length:g3}";
    }

    /// <summary>So many times the largest relative error of a number that is rounded to the dtype.</summary>
    public static double Unit(ScalarType dtype, double times) => times * dtype switch
    {
        ScalarType.Float64 => Math.ScaleB(1, -53),
        ScalarType.Float32 => Math.ScaleB(1, -24),
        ScalarType.Float16 => Math.ScaleB(1, -11),
        _ => Math.ScaleB(1, -8),
    };
}
