using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// What stands between a solve and those who watch it on this thread: each may change what the solve goes by, and is told how it ended.
/// </summary>
internal abstract class SolveWatch : IDisposable
{
    [ThreadStatic]
    private static SolveWatch? _innermost;

    private readonly SolveWatch? _outer;
    private readonly int _depth = WithinMap.Depth;
    private volatile bool _isClosed;

    /// <summary>Opens it on this thread, within those that are open.</summary>
    protected SolveWatch()
    {
        _outer = Innermost();
        _innermost = this;
    }

    // Opened beside a solve, not outside one that this is a part of.
    private bool IsAsked => !_isClosed && _depth == WithinMap.Depth;

    // As asked, seen from within the solve.
    private bool IsOutside => !_isClosed && _depth == WithinMap.Depth - 1;

    /// <summary>What a solve goes by that is about to begin on this thread. The caller disposes it.</summary>
    public static SolveCall InForce(SolveCall own)
    {
        if (Innermost() is not { } innermost)
        {
            return own;
        }

        SolveCall call = innermost.FromOuter(own);
        for (SolveWatch? watch = innermost; watch is not null; watch = watch._outer)
        {
            call = watch.IsAsked ? watch.Settle(call) : call;
        }

        return call;
    }

    /// <summary>Tells all that are open of a solve that ended.</summary>
    /// <param name="layer">The layer that made it; null where none did.</param>
    /// <param name="settings">How it was made.</param>
    /// <param name="result">What it gave; the caller keeps it.</param>
    public static void TellAll(nn.Module? layer, SolveSettings settings, ImplicitResult result)
    {
        for (SolveWatch? watch = Innermost(); watch is not null; watch = watch._outer)
        {
            if (watch.IsAsked)
            {
                watch.Tell(layer, settings, result);
            }
        }
    }

    /// <summary>Tells all that are open of a flow that ended.</summary>
    /// <param name="settings">How it was made.</param>
    /// <param name="result">What it gave; the caller keeps it.</param>
    public static void TellAll(FlowSettings settings, FlowResult result)
    {
        for (SolveWatch? watch = Innermost(); watch is not null; watch = watch._outer)
        {
            if (watch.IsAsked)
            {
                watch.Tell(settings, result);
            }
        }
    }

    /// <summary>What a flow goes by that is about to begin on this thread. The caller disposes it.</summary>
    public static FlowCall InForce(FlowCall own) => Innermost()?.FromOuter(own) ?? own;

    /// <summary>What one of them already knows of the solve that has begun; null: it is to be made. The caller owns it.</summary>
    public static FixedPointSolution? Known()
    {
        FixedPointSolution? known = null;
        for (SolveWatch? watch = Innermost(); watch is not null && known is null; watch = watch._outer)
        {
            known = watch.IsOutside ? watch.Recall() : null;
        }

        return known;
    }

    /// <summary>Shows them the map and what was found, samples that are left out included; both stay the caller's.</summary>
    public static void ShowAll(nn.Module? layer, FixedPointMap map, FixedPointSolution solution)
    {
        for (SolveWatch? watch = Innermost(); watch is not null; watch = watch._outer)
        {
            if (watch.IsOutside)
            {
                watch.Show(layer, map, solution);
            }
        }
    }

    /// <summary>Closes it: later solves know nothing of it.</summary>
    public void Dispose()
    {
        _isClosed = true;
        _ = Innermost();
    }

    /// <inheritdoc cref="Known"/>
    protected virtual FixedPointSolution? Recall() => null;

    /// <inheritdoc cref="ShowAll"/>
    protected virtual void Show(nn.Module? layer, FixedPointMap map, FixedPointSolution solution)
    {
    }

    /// <summary>What a solve is to go by.</summary>
    /// <param name="call">What it goes by so far; what is linked here is the caller's.</param>
    protected abstract SolveCall Change(SolveCall call);

    /// <summary>The last word on it, after all have changed it: the outer one has it over the inner.</summary>
    protected virtual SolveCall Settle(SolveCall call) => call;

    /// <summary>A solve ended.</summary>
    /// <inheritdoc cref="TellAll(nn.Module, SolveSettings, ImplicitResult)"/>
    protected abstract void Tell(nn.Module? layer, SolveSettings settings, ImplicitResult result);

    /// <summary>A flow ended; the default looks away.</summary>
    protected virtual void Tell(FlowSettings settings, FlowResult result)
    {
    }

    /// <summary>What a flow is to go by; the default changes nothing.</summary>
    protected virtual FlowCall Change(FlowCall call) => call;

    /// <summary>They may be disposed in any order, and on another thread by mistake: those that are closed are dropped here.</summary>
    private static SolveWatch? Innermost()
    {
        while (_innermost is { _isClosed: true } closed)
        {
            _innermost = closed._outer;
        }

        return _innermost;
    }

    private FlowCall FromOuter(FlowCall own)
    {
        FlowCall call = _outer is null ? own : _outer.FromOuter(own);
        return IsAsked ? Change(call) : call;
    }

    private SolveCall FromOuter(SolveCall own)
    {
        SolveCall call = _outer is null ? own : _outer.FromOuter(own);
        return IsAsked ? Change(call) : call;
    }
}
