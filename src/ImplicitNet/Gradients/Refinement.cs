using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>A few steps of the adjoint solve from a direction that is there already.</summary>
internal static class Refinement
{
    /// <summary>Improves w, and keeps the old one of every sample for which the steps made it worse.</summary>
    /// <param name="solver">Whose steps.</param>
    /// <param name="products">How many products; 0 returns the start.</param>
    /// <param name="system">I - J^T at u*.</param>
    /// <param name="gradient">g: [batch, ...].</param>
    /// <param name="start">w: [batch, ...].</param>
    /// <param name="report">Told how it went.</param>
    /// <returns>[batch, ...]. The caller owns it.</returns>
    public static Tensor Improve(LinearSolver solver, int products, AdjointSystem system, Tensor gradient, Tensor start, GradientReport report)
    {
        if (products == 0)
        {
            return start.alias();
        }

        using DisposeScope scope = NewDisposeScope();
        double small = Precision.Of(gradient.dtype).LeastResidual;
        return AdjointSolve.Run(solver.Within(products), system, system, gradient, small, start, report).MoveToOuterDisposeScope();
    }
}
