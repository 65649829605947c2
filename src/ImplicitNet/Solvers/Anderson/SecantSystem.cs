namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// One sample's small system <c>M gamma = c</c>, M[i, j] = test_i . dF_j, kept in a ring of differences and solved on the host
/// in double precision.
/// </summary>
/// <param name="memory">Slots of the ring.</param>
/// <param name="dependence">Share of a difference's square that is left of it when it depends on others.</param>
/// <param name="isSeparable">Whether differences may be made orthogonal: where they cannot span all latents.</param>
internal sealed class SecantSystem(int memory, double dependence, bool isSeparable)
{
    // Of a new difference's square, what may lie along others than the two before it: rounding, and a map that is nearly linear.
    private const double LargestRemainder = 1e-3;

    private readonly double[] _right = new double[memory];
    private readonly double[,] _products = new double[memory, memory];
    private readonly double[,] _factors = new double[memory, memory];
    private readonly int[] _accepted = new int[memory];
    private readonly bool[] _used = new bool[memory];

    /// <summary>Forgets all differences.</summary>
    public void Clear() => Array.Clear(_used);

    /// <summary>Forgets what was in a slot.</summary>
    public void Forget(int slot) => _used[slot] = false;

    /// <summary>Puts a new difference into a slot of the ring; what was in it is forgotten.</summary>
    public void Store(in SecantProducts products)
    {
        _used[products.Newest] = true;
        for (int other = 0; other < memory; other++)
        {
            _products[other, products.Newest] = products.TestsByNew[other];
            _products[products.Newest, other] = products.NewByResiduals[other];
            _right[other] = products.TestsByResidual[other];
        }
    }

    /// <summary>
    /// Replaces the newest difference by what is left of it when its parts along the others are taken away, if it lies along the two before
    /// it and no others: so it is where I - J is symmetric and constant, and then none of what older differences told is lost with them,
    /// as with the short recurrences of conjugate residuals.
    /// </summary>
    /// <param name="newest">The slot of the newest difference.</param>
    /// <param name="overlaps">Its parts by slot; zero on entry, and where it is left as it is.</param>
    public void Separate(int newest, Span<double> overlaps)
    {
        ReadOnlySpan<int> others = isSeparable ? _accepted.AsSpan(0, Overlap(newest, overlaps)) : [];
        double own = _products[newest, newest], left = own, right = _right[newest];
        Span<double> column = stackalloc double[others.Length], row = stackalloc double[others.Length];
        for (int i = 0; i < others.Length; i++)
        {
            (column[i], row[i]) = (_products[others[i], newest], _products[newest, others[i]]);
            foreach (int other in others)
            {
                column[i] -= overlaps[other] * _products[others[i], other];
                row[i] -= overlaps[other] * _products[other, others[i]];
            }

            left -= overlaps[others[i]] * (_products[newest, others[i]] + column[i]);
            right -= overlaps[others[i]] * _right[others[i]];
        }

        // Of less than this share half of the digits are lost in rounding; and parts of a definite I - J leave no more than there was.
        if (!(Math.Abs(left) > Math.Sqrt(dependence) * Math.Abs(own) && Math.Abs(left) <= Math.Abs(own)))
        {
            overlaps.Clear();
            return;
        }

        for (int i = 0; i < others.Length; i++)
        {
            (_products[others[i], newest], _products[newest, others[i]]) = (column[i], row[i]);
        }

        (_products[newest, newest], _right[newest]) = (left, right);
    }

    /// <summary>
    /// Solves for gamma by elimination from the newest difference to the oldest. A difference that depends on newer ones,
    /// to within the rounding of the products, is left out.
    /// </summary>
    /// <param name="newest">The slot of the newest difference.</param>
    /// <param name="gamma">The answer by slot; zero where a difference is not used.</param>
    /// <returns>True when at least one difference is used.</returns>
    public bool Solve(int newest, Span<double> gamma)
    {
        gamma.Clear();
        int count = 0;
        for (int age = 0; age < memory; age++)
        {
            int slot = (newest - age + memory) % memory;
            if (_used[slot] && Eliminate(slot, count))
            {
                _accepted[count++] = slot;
            }
        }

        for (int row = 0; row < count; row++)
        {
            double value = _right[_accepted[row]];
            for (int column = 0; column < row; column++)
            {
                value -= _factors[row, column] * gamma[_accepted[column]];
            }

            gamma[_accepted[row]] = value;
        }

        bool finite = true;
        for (int row = count - 1; row >= 0; row--)
        {
            double value = gamma[_accepted[row]];
            for (int column = row + 1; column < count; column++)
            {
                value -= _factors[row, column] * gamma[_accepted[column]];
            }

            gamma[_accepted[row]] = value / _factors[row, row];
            finite &= double.IsFinite(gamma[_accepted[row]]);
        }

        if (!finite)
        {
            gamma.Clear();
        }

        return finite && count > 0;
    }

    /// <summary>The parts of the newest difference along the others, the newer ones first.</summary>
    /// <returns>How many others there are; 0 where it is not to be separated from them.</returns>
    private int Overlap(int newest, Span<double> overlaps)
    {
        int count = 0;
        double remainder = 0;
        for (int age = 1; age < memory; age++)
        {
            int slot = (newest - age + memory) % memory;
            if (!_used[slot])
            {
                continue;
            }

            double part = _products[slot, newest];
            for (int newer = 0; newer < count; newer++)
            {
                part -= overlaps[_accepted[newer]] * _products[slot, _accepted[newer]];
            }

            overlaps[slot] = part / _products[slot, slot];
            _accepted[count++] = slot;
            remainder += count > 2 ? Math.Abs(overlaps[slot] * part) : 0;
        }

        if (remainder <= LargestRemainder * Math.Abs(_products[newest, newest]))
        {
            return count;
        }

        overlaps.Clear();
        return 0;
    }

    /// <summary>Adds one row and column to the factors L U (L of unit diagonal) of the accepted differences.</summary>
    private bool Eliminate(int slot, int count)
    {
        for (int row = 0; row < count; row++)
        {
            double upper = _products[_accepted[row], slot];
            double lower = _products[slot, _accepted[row]];
            for (int inner = 0; inner < row; inner++)
            {
                upper -= _factors[row, inner] * _factors[inner, count];
                lower -= _factors[count, inner] * _factors[inner, row];
            }

            _factors[row, count] = upper;
            _factors[count, row] = lower / _factors[row, row];
        }

        double own = _products[slot, slot];
        double pivot = own;
        for (int inner = 0; inner < count; inner++)
        {
            pivot -= _factors[count, inner] * _factors[inner, count];
        }

        _factors[count, count] = pivot;
        return Math.Abs(pivot) > dependence * Math.Abs(own) && double.IsFinite(pivot);
    }
}
