using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>What methods with short recurrences compute for every row after a product.</summary>
internal static class Recurrence
{
    /// <summary>[count, 1], in the dtype of the rows.</summary>
    public static Tensor Norms(Tensor rows) => RowNorms.Column(rows).to(rows.dtype);

    /// <summary>The products of the rows of two matrices, one by one: [count, 1].</summary>
    public static Tensor Dots(Tensor left, Tensor right) => bmm(left.unsqueeze(1), right.unsqueeze(2)).squeeze(2);

    /// <summary>Keeps the corrections that are the best so far and says where the rows stand: one transfer to the host.</summary>
    /// <param name="state">What the method holds.</param>
    /// <param name="product">The product of this step.</param>
    /// <param name="residuals">The norms of the residuals after it: [count, 1].</param>
    /// <param name="isSound">Whether the method divides by something that is more than rounding: [count, 1].</param>
    public static KrylovStep[] Outcome(KrylovState state, Tensor product, Tensor residuals, Tensor isSound)
    {
        Tensor isFinite = Norms(product).isfinite();
        Tensor[] columns = [residuals, isFinite, isSound];
        double[] numbers = [.. cat([.. columns.Select(column => column.to(ScalarType.Float64))], 0).cpu().data<double>()];
        int count = numbers.Length / columns.Length;
        state.KeepBest(numbers.AsSpan(0, count));
        KrylovStep[] steps = new KrylovStep[count];
        for (int row = 0; row < count; row++)
        {
            double residual = numbers[row];
            bool overflowed = !double.IsFinite(residual);
            steps[row] = numbers[count + row] == 0
                ? new KrylovStep(double.NaN, IsBreakdown: false)
                : new KrylovStep(overflowed ? double.PositiveInfinity : residual, overflowed || numbers[(2 * count) + row] == 0);
        }

        return steps;
    }
}
