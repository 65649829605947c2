using ImplicitNet.LinearSolvers;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>One solve with <c>I - J^T</c>, from latents to latents.</summary>
/// <remarks>
/// A sample whose g, or whose products with J, are not finite gets NaN: a linear solver would give its last finite vector, and
/// whoever looks at gradients would not see that the loss of that sample is NaN.
/// </remarks>
internal static class AdjointSolve
{
    /// <summary>Solves, and tells the report how every sample ended.</summary>
    /// <param name="solver">The method.</param>
    /// <param name="linear">The system or its transpose.</param>
    /// <param name="system">Makes rows of latents, and latents of rows.</param>
    /// <param name="gradient">g: [batch, ...].</param>
    /// <param name="relativeTolerance">Share of ||g||.</param>
    /// <param name="start">w to start from, [batch, ...]; null for zeros.</param>
    /// <param name="report">Told how it went.</param>
    /// <returns>w: [batch, ...]; it belongs to the dispose scope in force.</returns>
    public static Tensor Run(
        LinearSolver solver, LinearOperator linear, AdjointSystem system, Tensor gradient, double relativeTolerance, Tensor? start, GradientReport report)
    {
        Tensor rightSide = system.Flatten(gradient);
        LinearTolerance[] tolerances = [.. Enumerable.Repeat(new LinearTolerance(relativeTolerance), (int)rightSide.shape[0])];
        using LinearSolution solution = solver.Solve(linear, rightSide, tolerances, start is null ? null : system.Flatten(start));
        report.Solved(solution.Samples);
        bool[] isLost = [.. solution.Samples.Select(sample => sample.Status == LinearStatus.NonFinite)];
        if (!isLost.Contains(true))
        {
            return system.Restore(solution.Vectors).clone();
        }

        Tensor lost = tensor(isLost, device: rightSide.device).unsqueeze(1);
        return system.Restore(where(lost, full_like(solution.Vectors, double.NaN), solution.Vectors)).clone();
    }
}
