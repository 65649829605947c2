namespace ImplicitNet.LinearSolvers;

/// <summary>Where one sample of a linear solve stands: in plain C#, on one number a product.</summary>
internal sealed class LinearProgress(double scale, double threshold, double rounding)
{
    // A residual that the recurrence called small and that did not even halve is rounding; one that fell by less than a
    // thousandth over a whole cycle does not fall.
    private const double ProgressOfSmall = 0.5;
    private const double ProgressOfCycle = 0.999;

    private KrylovEnd _end;
    private int _limit;
    private double _reached;
    private double _drift;

    /// <summary>How it ended; that the limit was reached as long as it has not.</summary>
    public LinearStatus Status { get; private set; } = LinearStatus.MaxProductsReached;

    /// <summary>Whether another cycle may come.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>Products paid.</summary>
    public int Products { get; private set; }

    /// <summary>The norm of <c>b - A x</c> at the x that is kept; infinity before one is known.</summary>
    public double Residual { get; private set; } = double.PositiveInfinity;

    public LinearSampleReport Report =>
        new(Status, Products, scale == 0 ? 0 : double.IsFinite(Residual) ? Residual / scale : double.PositiveInfinity);

    /// <summary>Takes note of the residual at the start, or that there is none.</summary>
    /// <param name="residual">Its norm.</param>
    /// <param name="products">What it cost.</param>
    public void Begin(double residual, int products)
    {
        Products = products;
        if (!double.IsFinite(residual))
        {
            Close(LinearStatus.NonFinite);
            return;
        }

        Residual = residual;
        _drift = products == 0 ? 0 : rounding * (scale + residual);
        if (residual <= threshold)
        {
            Close(LinearStatus.Converged);
        }
    }

    /// <summary>Gets ready for a cycle; ends when no product is left for one.</summary>
    public void BeginCycle(KrylovMethod method)
    {
        int left = Math.Min(method.CycleProducts, method.MaxProducts - Products - (method.IsDrifting ? 1 : 0));
        _limit = Products + (left / method.StepProducts * method.StepProducts);
        _end = KrylovEnd.None;
        IsOpen = _limit > Products;
    }

    /// <summary>Takes note of a product of the cycle.</summary>
    /// <returns>Whether the cycle is over for this sample.</returns>
    public bool Take(KrylovStep step)
    {
        Products++;
        _end = double.IsNaN(step.Residual) ? KrylovEnd.NonFinite
            : step.Residual * Residual <= threshold || step.Residual <= rounding ? KrylovEnd.Small
            : step.IsBreakdown ? KrylovEnd.Breakdown
            : Products == _limit ? KrylovEnd.Limit
            : KrylovEnd.None;
        return _end != KrylovEnd.None;
    }

    /// <summary>The cycle has ended.</summary>
    /// <param name="method">The method whose cycle it was.</param>
    /// <param name="reached">What the cycle says of its correction, as shares of the residual that it began with.</param>
    /// <returns>Whether a product is due for the true residual, and there is one left.</returns>
    public bool EndCycle(KrylovMethod method, (double Residual, double Drift) reached)
    {
        // What the sum b - A x has lost to rounding is of the size of its largest terms, those of the cycles before.
        _reached = reached.Residual * Residual;
        _drift += reached.Drift * Residual;

        // A restart takes one product for the residual, and is no use without another.
        int needed = _end == KrylovEnd.Small || method.IsDrifting ? 1 : 2;
        return _end != KrylovEnd.NonFinite && !IsCertain && _reached < Residual && method.MaxProducts - Products >= needed;
    }

    /// <summary>Ends with the cycle's correction and the residual that the recurrence gives it, unless that is more than before.</summary>
    /// <returns>Whether it was taken.</returns>
    public bool Accept(KrylovMethod method)
    {
        bool isBetter = _reached < Residual;
        bool isWorse = _reached > Residual * (1 + rounding);
        Residual = Math.Min(Residual, _reached + (double.IsFinite(_drift) ? _drift : 0));
        Close(_end switch
        {
            KrylovEnd.NonFinite => LinearStatus.NonFinite,
            KrylovEnd.Small when Residual <= threshold => LinearStatus.Converged,
            KrylovEnd.Breakdown => LinearStatus.Breakdown,
            _ => !isBetter && HasProducts(method) ? LinearStatus.Stalled : LinearStatus.MaxProductsReached,
        });
        return !isWorse;
    }

    /// <summary>Takes the correction when its residual, as a product gave it, is less than the last.</summary>
    /// <returns>Whether it was taken.</returns>
    public bool Measure(double residual, KrylovMethod method)
    {
        Products++;
        double before = Residual;
        bool isBetter = residual < before;
        Residual = isBetter ? residual : before;
        bool isProgress = isBetter && residual <= before * (_end == KrylovEnd.Small ? ProgressOfSmall : ProgressOfCycle);
        if (Residual <= threshold)
        {
            Close(LinearStatus.Converged);
        }
        else if (!double.IsFinite(residual))
        {
            Close(LinearStatus.NonFinite);
        }
        else if (!isProgress && _end == KrylovEnd.Breakdown)
        {
            Close(LinearStatus.Breakdown);
        }
        else if (!HasProducts(method))
        {
            Close(LinearStatus.MaxProductsReached);
        }
        else if (!isProgress)
        {
            Close(LinearStatus.Stalled);
        }

        return isBetter;
    }

    /// <summary>Drops a correction that overflowed, and ends.</summary>
    public void Drop() => Close(LinearStatus.NonFinite);

    private bool IsCertain => _end == KrylovEnd.Small && _reached + _drift <= threshold;

    private bool HasProducts(KrylovMethod method) => method.MaxProducts - Products >= method.StepProducts + (method.IsDrifting ? 1 : 0);

    private void Close(LinearStatus status)
    {
        Status = status;
        IsOpen = false;
    }
}
