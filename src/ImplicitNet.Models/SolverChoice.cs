using System.Globalization;
using ImplicitNet.Solvers;

namespace ImplicitNet.Models;

/// <summary>The solvers by the names that configurations and the command line know. A new one is one more entry.</summary>
internal static class SolverChoice
{
    public const string Default = "picard";

    public const string ForwardBackward = "forward-backward";

    public const string Anderson = "anderson";

    public const string PeacemanRachford = "peaceman-rachford";

    private const string NewtonKrylov = "newton-krylov";

    private static readonly Dictionary<string, Func<double, int?, FixedPointSolver>> Solvers = new()
    {
        [Default] = (damping, memory) => new PicardSolver { Damping = damping }.Without(memory, Default),
        [Anderson] = (damping, memory) => new AndersonSolver { Mixing = damping, Memory = memory ?? new AndersonSolver().Memory },
        ["broyden"] = (damping, memory) => new BroydenSolver { Damping = damping, Memory = memory ?? new BroydenSolver().Memory },
        [NewtonKrylov] = (damping, memory) => new NewtonKrylovSolver { Damping = damping }.Without(memory, NewtonKrylov),
        ["chain"] = (damping, memory) => new SolverChain
        {
            Solvers =
            [
                new AndersonSolver { Mixing = damping, Memory = memory ?? new AndersonSolver().Memory },
                .. new SolverChain().Solvers.Skip(1).SkipLast(1),
                new PicardSolver { Damping = damping / 2 },
            ],
        },
        [ForwardBackward] = (damping, memory) =>
            new ForwardBackwardSolver().Undamped(damping, ForwardBackward).Without(memory, ForwardBackward),
        [PeacemanRachford] = (damping, memory) =>
            new PeacemanRachfordSolver().Undamped(damping, PeacemanRachford).Without(memory, PeacemanRachford),
    };

    public static IReadOnlyList<string> Names { get; } = [.. Solvers.Keys];

    /// <summary>Those that take any map: all but the splittings.</summary>
    public static IReadOnlyList<string> General { get; } = [.. Names.Where(name => !IsSplitting(name))];

    /// <summary>Those for monotone networks alone.</summary>
    public static IReadOnlyList<string> Splittings { get; } = [.. Names.Where(IsSplitting)];

    /// <summary>Whether a solver is for monotone networks alone.</summary>
    public static bool IsSplitting(string name) => name is ForwardBackward or PeacemanRachford;

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="damping">Share of the full step, in (0, 1].</param>
    /// <param name="memory">Steps remembered, by the solvers that remember; null for their own choice.</param>
    /// <exception cref="ArgumentException">
    /// There is no such solver, a number is out of its range, or a memory is given to one that has none.
    /// </exception>
    public static FixedPointSolver Create(string name, double damping, int? memory) =>
        Solvers.TryGetValue(name, out Func<double, int?, FixedPointSolver>? make)
            ? make(damping, memory)
            : throw new ArgumentException($"solver must be one of {string.Join(", ", Names)}; given {name}.");

    /// <summary>Several solvers, each with the damping and the memory where it has one.</summary>
    /// <exception cref="ArgumentException">A damping or a memory is given, and none of them has one.</exception>
    public static IReadOnlyList<FixedPointSolver> CreateAll(IReadOnlyList<string> names, double damping, int? memory)
    {
        bool isDamped = names.Any(name => !IsSplitting(name)), isRemembered = names.Any(HasMemory);
        return
        [
            .. names.Select(name => Create(
                name, isDamped && IsSplitting(name) ? 1 : damping, isRemembered && !HasMemory(name) ? null : memory)),
        ];
    }

    private static bool HasMemory(string name) => !(name is Default or NewtonKrylov || IsSplitting(name));

    private static FixedPointSolver Undamped(this FixedPointSolver solver, double damping, string name) => damping == 1
        ? solver
        : throw new ArgumentException(string.Create(
            CultureInfo.InvariantCulture, $"damping {damping}: the solver {name} takes its step from the network, and damps none."));

    private static FixedPointSolver Without(this FixedPointSolver solver, int? memory, string name) => memory is null
        ? solver
        : throw new ArgumentException($"memory {memory}: the solver {name} has no memory; anderson, broyden and chain have.");
}
