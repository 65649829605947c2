using System.Globalization;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>The fastest of our solvers that gives the accuracy asked for, and the loosest tolerance at which it does.</summary>
/// <param name="Name">The solver.</param>
/// <param name="Solver">The solver itself.</param>
/// <param name="Tolerance">Relative to the norm of a sample's latent.</param>
/// <param name="Inference">What it gave.</param>
internal sealed record SolverChoice(string Name, FixedPointSolver Solver, double Tolerance, Inference Inference)
{
    private static readonly double[] Tolerances = [1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.3, 0.5];

    private static readonly (string Name, FixedPointSolver Solver)[] Solvers =
    [
        ("Picard", new PicardSolver()),
        .. Enumerable.Range(2, 4).Select(memory => (string.Create(CultureInfo.InvariantCulture, $"Anderson({memory})"), (FixedPointSolver)new AndersonSolver { Memory = memory })),
    ];

    /// <summary>Such as "Anderson(3) at 0.05".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} at relative tolerance {Tolerance:G3}");

    /// <summary>Tries all.</summary>
    /// <remarks>
    /// From the tightest tolerance on, each solver goes on to a looser one as long as its accuracy is not lower than the
    /// least of two: that asked for, and its own at the tightest, which no tightening would mend. So a loose tolerance that is
    /// right by chance, between two that are not, is not taken.
    /// </remarks>
    /// <param name="network">Ours; its solver and tolerance are changed.</param>
    /// <param name="batches">The images.</param>
    /// <param name="accuracy">The accuracy asked for.</param>
    public static IReadOnlyList<SolverChoice> Try(ImplicitNetwork network, ImageBatches batches, double accuracy) =>
        [.. Solvers.Select(solver => Loosest(network, batches, solver.Name, solver.Solver, accuracy))];

    /// <summary>Makes a network use it.</summary>
    public void Apply(ImplicitNetwork network)
    {
        network.Solver = Solver;
        network.Stopping = network.Stopping with { RelativeTolerance = Tolerance, AbsoluteTolerance = null };
    }

    private static SolverChoice Loosest(ImplicitNetwork network, ImageBatches batches, string name, FixedPointSolver solver, double accuracy)
    {
        SolverChoice? best = null;
        foreach (double tolerance in Tolerances)
        {
            SolverChoice next = new(name, solver, tolerance, new Inference([], 0, 0, 0, 0));
            next.Apply(network);
            next = next with { Inference = Inference.Of(network, batches) };
            accuracy = Math.Min(accuracy, best is null ? next.Inference.Accuracy : accuracy);
            if (next.Inference.Accuracy < accuracy)
            {
                break;
            }

            best = next;
        }

        return best!;
    }
}
