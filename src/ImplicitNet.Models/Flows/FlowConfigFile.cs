namespace ImplicitNet.Models.Flows;

/// <summary><c>config.json</c> of a network with a flow.</summary>
internal sealed record FlowConfigFile() : NetworkConfigFile(absoluteTolerance: 1e-3, maxSteps: 1_000);
