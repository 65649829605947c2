namespace ImplicitNet.Training.History;

/// <summary>Where the time of an epoch went, in seconds. The rest of the epoch is reading data and bookkeeping.</summary>
/// <param name="Forward">Encoder, solve, attaching the latent to the graph, readout and loss.</param>
/// <param name="Backward">The backward pass, adjoint solves included.</param>
/// <param name="Optimizer">Clipping, the optimiser's step and the average of the weights.</param>
/// <param name="Validation">Evaluating on the validation data.</param>
/// <param name="Wait">Of the first of several ranks: summing with the others and waiting for them; 0 for a process of its own.</param>
public readonly record struct EpochTimes(double Forward, double Backward, double Optimizer, double Validation, double Wait = 0);
