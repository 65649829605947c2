namespace ImplicitNet.Training.History;

/// <summary>One line of a run's history: numbers with names, of one kind, at one optimiser step.</summary>
/// <param name="Kind">The kind of record, such as "epoch" or "step".</param>
/// <param name="Step">Optimiser steps done since the start of the run; resuming drops the records beyond the checkpoint's.</param>
/// <param name="Values">The numbers by name; NaN and infinity are kept.</param>
public sealed record HistoryRecord(string Kind, long Step, IReadOnlyDictionary<string, double> Values);
