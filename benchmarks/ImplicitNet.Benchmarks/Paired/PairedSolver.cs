using System.Globalization;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>
/// One of our solvers, and the loosest tolerance at which it gives the answers of the fixed point as often as is asked for.
/// </summary>
/// <param name="Name">The solver.</param>
/// <param name="Solver">The solver itself.</param>
/// <param name="Tolerance">Relative to the norm of a sample's latent.</param>
/// <param name="Inference">What it gave.</param>
internal sealed record PairedSolver(string Name, FixedPointSolver Solver, double Tolerance, Inference Inference)
{
    private const double ExactTolerance = 1e-5;

    private static readonly double[] Tolerances = [1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.3, 0.5];

    private static readonly (string Name, FixedPointSolver Solver)[] Solvers =
    [
        ("Picard", new PicardSolver()),
        .. Enumerable.Range(2, 4)
        .Select(memory => (string.Create(CultureInfo.InvariantCulture, $"Anderson({memory})"),
        (FixedPointSolver)new AndersonSolver { Memory = memory })),
    ];

    /// <summary>Such as "Anderson(3) at 0.05".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} at relative tolerance {Tolerance:G3}");

    /// <summary>Tries all, and leaves out those that do not come to the agreement.</summary>
    /// <remarks>
    /// Not accuracy: of answers that lie on the edge as many turn right as wrong, so that one image more or less would choose.
    /// From the tightest tolerance each goes on to looser ones as long as the agreement is kept, so that a loose tolerance that is right by
    /// chance, between two that are not, is not taken.
    /// </remarks>
    /// <param name="network">Ours; its solver and tolerance are changed.</param>
    /// <param name="batches">The images.</param>
    /// <param name="exact">The answers of the fixed point.</param>
    /// <param name="agreement">
    /// The share of equal answers asked for; where no solver comes to it, the best of any at the tightest tolerance.
    /// </param>
    /// <returns>At least one.</returns>
    public static IReadOnlyList<PairedSolver> Try(ImplicitNetwork network, PreparedBatches batches, Inference exact, double agreement)
    {
        PairedSolver[] tightest = [.. Solvers.Select(solver => Measure(network, batches, solver.Name, solver.Solver, Tolerances[0]))];
        double kept = Math.Min(agreement, tightest.Max(choice => choice.Inference.Agreement(exact)));
        return [.. tightest.Where(choice => choice.Inference.Agreement(exact) >= kept)
            .Select(choice => Loosest(network, batches, choice, exact, kept))];
    }

    /// <summary>The fastest solver at the network's own tolerance.</summary>
    /// <param name="network">Ours; its solver is changed.</param>
    /// <param name="batches">The images.</param>
    public static PairedSolver Fastest(ImplicitNetwork network, PreparedBatches batches)
    {
        double tolerance = network.Stopping.RelativeTolerance ?? Tolerances[0];
        return Solvers.Select(solver => Measure(network, batches, solver.Name, solver.Solver, tolerance)).MinBy(
            choice => choice.Inference.Seconds)!;
    }

    /// <summary>The answers of the fixed point: by Picard, as far as float32 goes.</summary>
    /// <param name="network">Ours; its solver and tolerance are changed.</param>
    /// <param name="batches">The images.</param>
    public static Inference Exact(ImplicitNetwork network, PreparedBatches batches) =>
        Measure(network, batches, Solvers[0].Name, Solvers[0].Solver, ExactTolerance).Inference;

    /// <summary>Makes a network use it.</summary>
    public void Apply(ImplicitNetwork network)
    {
        network.Solver = Solver;
        network.Stopping = network.Stopping with { RelativeTolerance = Tolerance, AbsoluteTolerance = null };
    }

    private static PairedSolver Loosest(
        ImplicitNetwork network, PreparedBatches batches, PairedSolver tightest, Inference exact, double agreement)
    {
        PairedSolver best = tightest;
        foreach (double tolerance in Tolerances.Skip(1))
        {
            PairedSolver next = Measure(network, batches, best.Name, best.Solver, tolerance);
            if (next.Inference.Agreement(exact) < agreement)
            {
                break;
            }

            best = next;
        }

        return best;
    }

    private static PairedSolver Measure(
        ImplicitNetwork network, PreparedBatches batches, string name, FixedPointSolver solver, double tolerance)
    {
        PairedSolver choice = new(name, solver, tolerance, new Inference([], 0, 0, 0, 0));
        choice.Apply(network);
        return choice with { Inference = Inference.Of(network, batches) };
    }
}
