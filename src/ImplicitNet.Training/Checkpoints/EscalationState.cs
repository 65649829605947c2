namespace ImplicitNet.Training.Checkpoints;

/// <summary>Where an escalation policy stands: part of a run's position.</summary>
/// <param name="Level">The gradient in use, from 0.</param>
/// <param name="Raises">Certificates in a row that spoke for going up.</param>
/// <param name="Lowers">Certificates in a row that spoke for going down.</param>
internal readonly record struct EscalationState(int Level, int Raises, int Lowers);
