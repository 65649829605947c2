namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// One sample's small system <c>M gamma = c</c>, M[i, j] = test_i . dF_j, kept in a ring of differences and solved on the host
/// in double precision.
/// </summary>
internal sealed class SecantSystem(int memory, double dependence)
{
    private readonly double[,] _products = new double[memory, memory];
    private readonly double[,] _factors = new double[memory, memory];
    private readonly int[] _accepted = new int[memory];
    private readonly bool[] _used = new bool[memory];

    /// <summary>Forgets all differences.</summary>
    public void Clear() => Array.Clear(_used);

    /// <summary>Puts a new difference into a slot of the ring.</summary>
    /// <param name="slot">The slot; what was in it is forgotten.</param>
    /// <param name="testsByNew">test_i . dF_new for every slot i.</param>
    /// <param name="newByResiduals">test_new . dF_j for every slot j.</param>
    public void Store(int slot, ReadOnlySpan<double> testsByNew, ReadOnlySpan<double> newByResiduals)
    {
        _used[slot] = true;
        for (int other = 0; other < memory; other++)
        {
            _products[other, slot] = testsByNew[other];
            _products[slot, other] = newByResiduals[other];
        }
    }

    /// <summary>
    /// Solves for gamma by elimination from the newest difference to the oldest. A difference that depends on newer ones,
    /// to within the rounding of the products, is left out.
    /// </summary>
    /// <param name="newest">The slot of the newest difference.</param>
    /// <param name="right">c, by slot.</param>
    /// <param name="gamma">The answer by slot; zero where a difference is not used.</param>
    /// <returns>True when at least one difference is used.</returns>
    public bool Solve(int newest, ReadOnlySpan<double> right, Span<double> gamma)
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
            double value = right[_accepted[row]];
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
