using ImplicitNet.Networks;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Kinds;

/// <summary>The data of a run.</summary>
/// <param name="Train">What is trained on.</param>
/// <param name="Validation">What chooses the best epoch.</param>
/// <param name="More">Further validation data, each with the name that it is given.</param>
internal sealed record RunSources(BatchSource Train, BatchSource Validation, IReadOnlyList<(string Data, BatchSource Source)> More)
{
    /// <summary>What solves of some validation data use in place of the network's own settings; null: those.</summary>
    public Func<BatchSource, SolveSettings, SolveSettings>? Limits { get; init; }
}
