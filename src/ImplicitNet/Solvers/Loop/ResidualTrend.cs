namespace ImplicitNet.Solvers.Loop;

/// <summary>What the residuals of a sample did over some steps: whether they go somewhere, or circle, or grow for good.</summary>
internal sealed class ResidualTrend
{
    // Residuals that are rounding, or that circle, turn every other step; those of a transient once or twice in all.
    private const int TurnShare = 10;

    // Growth beyond that is the same as before: that of powers is 1, that of powers of the number of steps 0.7.
    private const double SlowingShare = 0.9;

    private readonly double _first;
    private int _count;
    private int _turns;
    private int _direction;
    private double _middle;
    private double _last;

    /// <summary>Begins at a residual.</summary>
    /// <param name="first">The residual.</param>
    /// <param name="length">How many, at most, are to follow.</param>
    public ResidualTrend(double first, int length)
    {
        (_first, _middle, _last) = (first, first, first);
        Length = length;
    }

    /// <summary>How many residuals, at most, are to follow the first.</summary>
    public int Length { get; }

    /// <summary>Whether as many residuals have come as it was begun for.</summary>
    public bool IsOver => _count >= Length;

    /// <summary>Whether the last residual is above the first.</summary>
    public bool IsAbove => _last > _first;

    /// <summary>
    /// Whether the residuals move mostly in one direction: those of a map do, those that are rounding, or that circle, do not.
    /// </summary>
    public bool IsSteady => _turns * TurnShare <= _count + TurnShare - 1;

    /// <summary>
    /// Whether the residuals move steadily and either fall by now or grow more slowly than before: those of a map that contracts in the
    /// end, however slowly, and whatever it does on the way. Growth that goes on grows by as much again.
    /// </summary>
    public bool IsRecovering => IsSteady && (_last < _middle || Math.Log(_last / _middle) < Math.Log(_middle / _first) * SlowingShare);

    /// <summary>Takes note of the next residual.</summary>
    public void Add(double residual)
    {
        int direction = residual.CompareTo(_last);
        if (direction * _direction < 0)
        {
            _turns++;
        }

        _direction = direction == 0 ? _direction : direction;
        _last = residual;
        if (++_count == Length / 2)
        {
            _middle = residual;
        }
    }
}
