namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// What the safeguard knows of one sample: which steps are taken back, what is tried instead, and how much of a residual is mixed in.
/// </summary>
/// <param name="factor">The growth of the residual beyond which a step is taken back.</param>
/// <param name="mixing">b, at most.</param>
/// <param name="retries">How often a step is shortened, and how many accelerated ones are.</param>
/// <param name="variant">What the tests of the products are.</param>
internal sealed class SecantSafeguard(double factor, double mixing, int retries, AndersonVariant variant)
{
    // At most this many plain steps after a step taken back: where acceleration keeps failing it costs 3 %.
    private const int LongestPause = 32;

    // No step of a map that contracts changes the residual by twice its length: ||y|| = ||J s - s|| < 2 ||s||. So this scales none.
    private const double LeastOfContractions = 0.5;

    // The bounds of what a trial that failed leaves of a step (Dennis and Schnabel, 1983, section 6.3.2).
    private const double ShortestCut = 0.1;
    private const double LongestCut = 0.5;

    // Near a singular solution, and in a valley, a history goes on without progress and without a step that fails. Twenty steps solve more
    // of the test problems than ten or none; a map that contracts by 0.994 falls by more than a tenth in twenty plain steps.
    private const int LongestLevel = 20;
    private const double Progress = 0.9;

    private readonly double _mixing = mixing;
    private double _lastNorm;
    private double _milestone = double.PositiveInfinity;
    private int _level;
    private double _share = 1;
    private int _retries;
    private int _shortened;
    private int _pause;
    private int _nextPause;

    /// <summary>b.</summary>
    public double Mixing { get; private set; } = mixing;

    /// <summary>True when the iterate under way is an accelerated one.</summary>
    public bool IsAccelerated { get; set; }

    /// <summary>False during the plain steps after a step was taken back for good.</summary>
    public bool MayAccelerate => _pause == 0;

    /// <summary>Whether the residual at the point that was kept last is no greater than at the one before.</summary>
    public bool HasFallen { get; private set; }

    /// <summary>Whether the history has brought nothing for so long that it is to be forgotten, but for its newest difference.</summary>
    public bool IsHistorySpent => _level == LongestLevel;

    /// <summary>Takes note of the first residual.</summary>
    public void Begin(double norm) => _lastNorm = norm;

    /// <summary>Whether the step to a point is taken back; unless a share of it is tried, the history is then to be forgotten.</summary>
    /// <param name="products">Of the point.</param>
    /// <param name="step">What is tried instead.</param>
    public bool TakesBack(in SecantProducts products, out SecantStep step)
    {
        bool isRejected = !(products.Norm <= factor * _lastNorm);
        double share = isRejected && IsAccelerated && MayShorten ? Shorten(products.Norm) : 0;
        if (isRejected && share == 0 && !TryPlain(products))
        {
            isRejected = false;
        }

        step = new SecantStep { IsKept = !isRejected, Mixing = Mixing, Share = share };
        return isRejected;
    }

    /// <summary>Takes note of a point that is kept.</summary>
    /// <param name="products">Of the point.</param>
    public void Accept(in SecantProducts products)
    {
        if (IsAccelerated)
        {
            _nextPause = 0;
        }
        else
        {
            // A step that is lost in the rounding of u changes nothing, and an overflow says nothing: neither is steep.
            Mixing = Scale(products) is > 0 and < LeastOfContractions and var scale ? Math.Min(scale, _mixing) : _mixing;
        }

        (_level, _milestone) = products.Norm < Progress * _milestone || IsHistorySpent ? (0, products.Norm) : (_level + 1, _milestone);
        HasFallen = products.Norm <= _lastNorm;
        _pause = Math.Max(0, _pause - 1);
        _lastNorm = products.Norm;
        (_retries, _share) = (0, 1);
    }

    // A history of which too many steps failed is of no use: it is forgotten at the next that does.
    private bool MayShorten => _retries < retries && (_retries > 0 || _shortened < retries);

    private double Shorten(double norm)
    {
        _shortened += _retries++ == 0 ? 1 : 0;
        double before = _share;
        _share = LineSearch.Shorter(before, _lastNorm, norm);
        return _share / before;
    }

    /// <summary>Instead of an accelerated step the plain one, and instead of that one a shorter one, as often as is allowed.</summary>
    private bool TryPlain(in SecantProducts products)
    {
        if (IsAccelerated)
        {
            IsAccelerated = false;
            _nextPause = Math.Min(LongestPause, Math.Max(1, 2 * _nextPause));
            (_pause, _retries, _shortened, _share) = (_nextPause, 0, 0, 1);
            return true;
        }

        if (_retries == retries)
        {
            return false;
        }

        _retries++;
        double scale = Scale(products);
        Mixing = Math.Clamp(double.IsFinite(scale) ? scale : 0, ShortestCut * Mixing, LongestCut * Mixing);
        return true;
    }

    /// <summary>||s|| / ||y|| of a plain step, s = b f_last: the geometric mean of the two of Barzilai and Borwein.</summary>
    private double Scale(in SecantProducts products)
    {
        double own = products.TestsByNew[products.Newest];
        double square = variant.IsSymmetric
            ? own
            : (products.Norm * products.Norm) - (_lastNorm * _lastNorm) - (2 * own / Mixing);
        return Mixing * _lastNorm / Math.Sqrt(square);
    }
}
