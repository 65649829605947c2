using ImplicitNet.Kernels;
using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// Reaches the implicit solves deep inside any model: while it is open, every solve made on this thread follows it and is recorded by it,
/// in whatever module the <see cref="ImplicitLayer"/> is.
/// </summary>
/// <remarks>
/// Scopes nest: every open one records the solve, and settings pass through all of them, from the outermost to the innermost. Open and
/// dispose it on the same thread, without an <c>await</c> in between: it has no effect on solves of other threads. A solve within a solve
/// (where R has a layer of its own) is part of the outer one and not recorded, nor is a solve that ends in an exception. A solve gives the
/// same bits as without a scope, unless the scope changes something. It keeps a view of every u* until it is disposed.
/// </remarks>
/// <example>
/// The reports of layers deep inside a model, each solved to a tighter tolerance than its own:
/// <code>
/// using SolveScope scope = new(settings => settings with { Stopping = new StoppingRule { RelativeTolerance = 1e-6 } });
/// Tensor output = model.call(data);
/// Tensor loss = scope.Average(functional.cross_entropy(output, labels, reduction: Reduction.None));
/// loss.backward();
/// foreach (ScopedSolve solve in scope.Solves)
/// {
///     Console.WriteLine($"{solve.Report} {solve.Gradient}");
/// }
/// </code>
/// </example>
public sealed class SolveScope : IDisposable
{
    private readonly List<ScopedSolve> _solves = [];
    private readonly List<ScopedFlow> _flows = [];
    private readonly Watch _watch;

    /// <summary>Opens a scope on this thread.</summary>
    /// <param name="settings">Maps a solve's own settings to those it uses; default: its own.</param>
    /// <param name="start">
    /// Where a solve starts, by its number in this scope, from 0; null for its own start. Where scopes nest, the innermost one decides.
    /// </param>
    /// <param name="penalty">
    /// With gradients enabled, fills <see cref="ScopedSolve.Penalties"/>. It takes precedence over that of the call, and an inner scope
    /// over an outer one.
    /// </param>
    /// <param name="flowSettings">Maps a flow's own settings to those it uses; default: its own.</param>
    /// <param name="cancellation">Checked before every step of every solve and flow, in addition to the token of the call.</param>
    public SolveScope(
        Func<SolveSettings, SolveSettings>? settings = null,
        Func<int, StartingPoint?>? start = null,
        JacobianPenalty? penalty = null,
        Func<FlowSettings, FlowSettings>? flowSettings = null,
        CancellationToken cancellation = default)
    {
        _watch = new Watch(_solves, _flows, settings, flowSettings, start, penalty, cancellation);
    }

    /// <summary>
    /// The solves so far, in the order in which they were made; still there after the scope is disposed, without their tensors.
    /// </summary>
    public IReadOnlyList<ScopedSolve> Solves => _solves;

    /// <summary>
    /// The flows so far, in the order in which they were made; still there after the scope is disposed, without their tensors.
    /// </summary>
    public IReadOnlyList<ScopedFlow> Flows => _flows;

    /// <summary>For every sample of a batch, whether it counts in the loss.</summary>
    /// <remarks>
    /// A sample counts where it counts in every solve and every flow of that batch size. How the rows of a solve of another size belong to
    /// the batch is not known: if one of them is excluded, no sample counts.
    /// </remarks>
    /// <param name="batch">The number of samples of the batch; at least 0.</param>
    public IReadOnlyList<bool> Included(long batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        bool[] included = new bool[batch];
        IReadOnlyList<bool>[] all = [.. _solves.Select(solve => solve.Included), .. _flows.Select(flow => flow.Included)];
        bool isUnknown = Array.Exists(all, each => each.Count != batch && each.Contains(false));
        for (int sample = 0; sample < included.Length; sample++)
        {
            included[sample] = !isUnknown && Array.TrueForAll(all, each => each.Count != batch || each[sample]);
        }

        return included;
    }

    /// <summary>
    /// The mean of the losses of the samples that count (<see cref="Included"/>); NaN, with a gradient of 0, if none does.
    /// </summary>
    /// <param name="losses">One loss per sample, floating point: [batch]. Those of samples that do not count may have any value.</param>
    /// <returns>A scalar in the graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The shape is different, or the dtype is not floating-point.</exception>
    public Tensor Average(Tensor losses)
    {
        TensorCheck.EnsureBatch(losses, nameof(losses), "The losses", isNumber: false);
        return new SampleMask([.. Included(losses.shape[0])]).Average(losses);
    }

    /// <summary>Closes the scope: later solves follow the scopes around it, and its tensors are released.</summary>
    public void Dispose()
    {
        Close();
        foreach (ScopedSolve solve in _solves)
        {
            solve.Release();
        }

        foreach (ScopedFlow flow in _flows)
        {
            flow.Release();
        }
    }

    /// <summary>Closes it, and keeps the tensors until it is disposed.</summary>
    internal void Close() => _watch.Dispose();

    private sealed class Watch(
        List<ScopedSolve> solves,
        List<ScopedFlow> flows,
        Func<SolveSettings, SolveSettings>? settings,
        Func<FlowSettings, FlowSettings>? flowSettings,
        Func<int, StartingPoint?>? start,
        JacobianPenalty? penalty,
        CancellationToken cancellation) : SolveWatch
    {
        protected override SolveCall Change(SolveCall call)
        {
            SolveSettings changed = settings is null ? call.Settings
                : settings(call.Settings) ?? throw new InvalidOperationException($"The settings of a {nameof(SolveScope)} are null.");
            StartingPoint? from = start?.Invoke(solves.Count) ?? call.Start;
            return (call with { Settings = changed, Start = from, Penalty = penalty ?? call.Penalty }).CancelledBy(cancellation);
        }

        protected override void Tell(nn.Module? layer, SolveSettings used, ImplicitResult result) =>
            solves.Add(new ScopedSolve(layer as ImplicitLayer, used, result));

        protected override FlowCall Change(FlowCall call)
        {
            FlowSettings changed = flowSettings is null ? call.Settings : flowSettings(call.Settings)
                ?? throw new InvalidOperationException($"The flow settings of a {nameof(SolveScope)} are null.");
            return (call with { Settings = changed }).CancelledBy(cancellation);
        }

        protected override void Tell(FlowSettings used, FlowResult result) =>
            flows.Add(new ScopedFlow(used, result));
    }
}
