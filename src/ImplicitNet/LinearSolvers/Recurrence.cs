using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>What methods with short recurrences compute for every row after a product.</summary>
internal static class Recurrence
{
    /// <summary>[count, 1].</summary>
    public static Tensor Norms(Tensor rows) => linalg.vector_norm(rows, 2, [1], keepdim: true);

    /// <summary>The products of the rows of two matrices, one by one: [count, 1].</summary>
    public static Tensor Dots(Tensor left, Tensor right) => bmm(left.unsqueeze(1), right.unsqueeze(2)).squeeze(2);

    /// <summary>Keeps the corrections that are the best so far and says where the rows stand: one transfer to the host.</summary>
    /// <param name="state">What the method holds.</param>
    /// <param name="product">The product of this step.</param>
    /// <param name="residuals">The norms of the residuals after it: [count, 1].</param>
    /// <param name="isSound">Whether the method divides by something that is more than rounding: [count, 1].</param>
    public static KrylovStep[] Outcome(RowState state, Tensor product, Tensor residuals, Tensor isSound)
    {
        state.KeepBest(residuals);
        Tensor isFinite = Norms(product).isfinite();
        double[] numbers = [.. cat([residuals.to(ScalarType.Float64), isFinite.to(ScalarType.Float64), isSound.to(ScalarType.Float64)], 1).cpu().data<double>()];
        KrylovStep[] steps = new KrylovStep[numbers.Length / 3];
        for (int row = 0; row < steps.Length; row++)
        {
            double residual = numbers[row * 3];
            bool overflowed = !double.IsFinite(residual);
            steps[row] = numbers[(row * 3) + 1] == 0
                ? new KrylovStep(double.NaN, IsBreakdown: false)
                : new KrylovStep(overflowed ? double.PositiveInfinity : residual, overflowed || numbers[(row * 3) + 2] == 0);
        }

        return steps;
    }
}
