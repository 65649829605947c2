using ImplicitNet.Flows;
using ImplicitNet.Gradients;

namespace ImplicitNet.Networks;

/// <summary>One flow that was followed while a <see cref="SolveScope"/> was open.</summary>
/// <param name="Settings">The settings it was made with: its own, as changed by the scopes.</param>
/// <param name="Report">How it went, sample by sample.</param>
/// <param name="Gradient">What backward passes through it did: empty until the first.</param>
/// <param name="Included">For every sample, whether it counts in the loss; false only where the failure policy excludes it.</param>
public sealed record ScopedFlow(FlowSettings Settings, FlowReport Report, GradientReport Gradient, IReadOnlyList<bool> Included);
