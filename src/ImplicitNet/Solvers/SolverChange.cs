namespace ImplicitNet.Solvers;

/// <summary>The change of a sample that one solver gave up and the next took over.</summary>
/// <param name="Sample">Its position in the batch.</param>
/// <param name="Step">The sample's steps until then.</param>
/// <param name="From">The solver that failed, with its options, as text.</param>
/// <param name="Reason">How it failed.</param>
/// <param name="To">The solver that took over, as text.</param>
public readonly record struct SolverChange(int Sample, int Step, string From, SolveStatus Reason, string To);
