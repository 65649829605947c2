using ImplicitNet.Kernels;
using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// Reaches the implicit solves deep inside any model: while it is open, each one that is made on this thread goes by it and is told to
/// it, in whatever module the <see cref="ImplicitLayer"/> is.
/// </summary>
/// <remarks>
/// Scopes nest: every open one is told, and settings pass through all of them, from the outer to the inner. Open and dispose it on one
/// thread, without an <c>await</c> between: solves of other threads know nothing of it. A solve within a solve (R has a layer of its own)
/// is a part of that one and not told, nor is one that ends in an exception. The bits of a solve are those without a scope, unless
/// the scope changes something. It keeps a view of every u* until it is disposed.
/// </remarks>
/// <example>
/// The reports of layers deep inside a model, each solved more tightly than it is set to:
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
    private readonly Watch _watch;

    /// <summary>Opens a scope on this thread.</summary>
    /// <param name="settings">From a solve's own settings to those it goes by; default: its own.</param>
    /// <param name="start">
    /// Where a solve starts, by its number in this scope, from 0; null for its own start. Where scopes nest, the inner one has the last
    /// word.
    /// </param>
    /// <param name="penalty">
    /// With gradients enabled, fills <see cref="ScopedSolve.Penalties"/>; before that of the call, and the inner one before the outer.
    /// </param>
    /// <param name="cancellation">Looked at before every step of every solve, beside the token of the call.</param>
    public SolveScope(
        Func<SolveSettings, SolveSettings>? settings = null,
        Func<int, StartingPoint?>? start = null,
        JacobianPenalty? penalty = null,
        CancellationToken cancellation = default)
    {
        _watch = new Watch(_solves, settings, start, penalty, cancellation);
    }

    /// <summary>The solves so far, in the order in which they were made; after the scope's disposal too, without their tensors.</summary>
    public IReadOnlyList<ScopedSolve> Solves => _solves;

    /// <summary>For every sample of a batch whether it counts in the loss.</summary>
    /// <remarks>
    /// A sample counts where it counts in every solve of that batch size. What a row of a solve of another size is to the batch is not
    /// known: where one is excluded there, no sample counts.
    /// </remarks>
    /// <param name="batch">Samples of the batch; at least 0.</param>
    public IReadOnlyList<bool> Included(long batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        bool[] included = new bool[batch];
        bool isUnknown = _solves.Exists(solve => solve.Included.Count != batch && solve.Included.Contains(false));
        for (int sample = 0; sample < included.Length; sample++)
        {
            included[sample] = !isUnknown && _solves.TrueForAll(solve => solve.Included.Count != batch || solve.Included[sample]);
        }

        return included;
    }

    /// <summary>
    /// The mean of the losses of the samples that count (<see cref="Included"/>); NaN, with a gradient of 0, when none does.
    /// </summary>
    /// <param name="losses">One loss a sample, floating point: [batch]. Those of samples that do not count may be anything.</param>
    /// <returns>A scalar in the graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The shape is another, or the dtype no floating-point one.</exception>
    public Tensor Average(Tensor losses)
    {
        TensorCheck.EnsureBatch(losses, nameof(losses), "The losses", isNumber: false);
        return new SampleMask([.. Included(losses.shape[0])]).Average(losses);
    }

    /// <summary>Closes it: later solves go by what is open outside, and the tensors of its own are released.</summary>
    public void Dispose()
    {
        Close();
        foreach (ScopedSolve solve in _solves)
        {
            solve.Release();
        }
    }

    /// <summary>Closes it, and keeps the tensors until it is disposed.</summary>
    internal void Close() => _watch.Dispose();

    private sealed class Watch(
        List<ScopedSolve> solves,
        Func<SolveSettings, SolveSettings>? settings,
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
    }
}
