using ImplicitNet.Solvers;

namespace ImplicitNet.Operators;

/// <summary>
/// Processes that each have a part of a batch normalise it as one: while this is open, every <see cref="BatchNormalization"/> in training
/// mode that is called on this thread takes its statistics, and in the backward pass its sums, over all of them.
/// </summary>
/// <remarks>
/// <para>
/// Each process opens one, gives it the same sum, and calls the same model: forward a normalisation makes one sum of 2 channels + 1 numbers
/// (and, on all processes, a second one where a mean is over a thousand deviations from zero), backward one of 2 channels. The gradients of
/// weights and biases stay those of this process's part: they are summed with all others.
/// </para>
/// <para>
/// Scopes nest, and the innermost one is in force. It counts for calls on the thread that opened it; what was computed within goes on by
/// its sum in the backward pass, after it was closed too.
/// </para>
/// </remarks>
public sealed class SharedStatistics : IDisposable
{
    [ThreadStatic]
    private static SharedStatistics? _innermost;

    private readonly SharedStatistics? _outer = Open();
    private readonly Action<Span<double>> _sum;
    private readonly int _depth = WithinMap.Depth;
    private volatile bool _isClosed;
    private Exception? _failure;

    /// <summary>Opens it on this thread.</summary>
    /// <param name="sum">Puts in the place of each number its sum over all processes, the same on each: <c>Collective.Sum</c>.</param>
    /// <param name="isCounted">
    /// Whether the samples of this process count; default true. False for those that stand in where a process has none, so that it makes
    /// the same sums: their loss must have a weight of 0.
    /// </param>
    public SharedStatistics(Action<Span<double>> sum, bool isCounted = true)
    {
        ArgumentNullException.ThrowIfNull(sum);
        (_sum, IsCounted) = (sum, isCounted);
        _innermost = this;
    }

    internal bool IsCounted { get; }

    /// <summary>That in force; null for none.</summary>
    /// <exception cref="InvalidOperationException">It was opened outside a solve, and this is within one.</exception>
    internal static SharedStatistics? InForce => Open() is not { } open ? null
        : WithinMap.Depth == open._depth ? open
        : throw new InvalidOperationException(
            "Batch normalisation in training mode within R cannot share its statistics with other processes: each evaluates R as often "
                + "as its own samples need. Train such a model in one process, or with statistics of each process's own.");

    /// <summary>Throws if a sum failed in a backward pass, whose gradient is then NaN: no exception may pass through native code.</summary>
    /// <exception cref="InvalidOperationException">With the failure inside.</exception>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new InvalidOperationException(
                $"The sum over processes failed in the backward pass, and its gradient is NaN: {failure.Message}", failure);
        }
    }

    /// <summary>Closes it.</summary>
    public void Dispose()
    {
        _isClosed = true;
        _ = Open();
    }

    /// <summary>Sums numbers of this process over all.</summary>
    internal double[] Sum(double[] own)
    {
        double[] all = [.. own];
        _sum(all);
        return all;
    }

    /// <summary>The same in a backward pass.</summary>
    internal double[] SumBackward(double[] own)
    {
        try
        {
            return Sum(own);
        }
        catch (Exception exception)
        {
            _failure ??= exception;
            throw;
        }
    }

    /// <summary>They may be disposed in any order, and on another thread by mistake: those that are closed are dropped here.</summary>
    private static SharedStatistics? Open()
    {
        while (_innermost is { _isClosed: true } closed)
        {
            _innermost = closed._outer;
        }

        return _innermost;
    }
}
