using ImplicitNet.Kernels;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// The small problem of one sample's GMRES, <c>min ||e1 - H y||</c>, by Givens rotations as the columns of H come
/// in, in double whatever the dtype of the vectors.
/// </summary>
internal sealed class HessenbergLeastSquares(int capacity)
{
    private readonly List<double[]> _columns = new(capacity);
    private readonly List<(double Cosine, double Sine)> _rotations = new(capacity);
    private readonly List<double> _rightSide = [1];
    private readonly List<double> _residuals = [1];
    private double _norm;

    /// <summary>The norm of the least residual over the columns so far.</summary>
    public double Residual => _residuals[^1];

    /// <summary>Adds a column of H.</summary>
    /// <param name="projections">Its elements on and above the diagonal; kept and written to.</param>
    /// <param name="below">The one below the diagonal; at least 0.</param>
    /// <param name="rounding">A pivot of at most this is zero: the column says nothing that those before it did not.</param>
    public void Add(double[] projections, double below, double rounding)
    {
        _norm = double.Hypot(_norm, double.Hypot(RowLength.Of(projections), below));
        for (int i = 0; i < _rotations.Count; i++)
        {
            (double cosine, double sine) = _rotations[i];
            (projections[i], projections[i + 1]) =
                ((cosine * projections[i]) + (sine * projections[i + 1]), (cosine * projections[i + 1]) - (sine * projections[i]));
        }

        double last = projections[^1];
        double pivot = double.Hypot(last, below);
        bool isNew = pivot > rounding;
        (double Cosine, double Sine) rotation = isNew ? (last / pivot, below / pivot) : (1, 0);
        projections[^1] = isNew ? pivot : 0;
        _columns.Add(projections);
        _rotations.Add(rotation);
        double carried = _rightSide[^1];

        // A column that says nothing new takes nothing off the residual.
        _rightSide[^1] = rotation.Cosine * carried;
        _rightSide.Add(isNew ? -rotation.Sine * carried : carried);
        _residuals.Add(Math.Abs(_rightSide[^1]));
    }

    /// <summary>
    /// The y that leaves the least, its rounding included: over all columns, or over fewer where H is so nearly singular
    /// that a longer y is worth nothing.
    /// </summary>
    /// <param name="rounding">The share of <c>1 + ||H|| ||y||</c> that is rounding.</param>
    /// <returns>y, the norm of its residual, and what of that may be rounding.</returns>
    public (double[] Solution, double Residual, double Drift) Best(double rounding)
    {
        (double[] Solution, double Residual, double Drift) best = ([], 1, 0);
        for (int columns = _columns.Count; columns > 0 && _residuals[columns] < best.Residual + best.Drift; columns--)
        {
            double[] solution = Solve(columns);
            double drift = rounding * (1 + (_norm * RowLength.Of(solution)));
            if (_residuals[columns] + drift < best.Residual + best.Drift)
            {
                best = (solution, _residuals[columns], drift);
            }
        }

        return best;
    }

    /// <summary>y over the first columns; an element whose pivot is zero is 0.</summary>
    private double[] Solve(int columns)
    {
        double[] solution = new double[columns];
        for (int i = columns - 1; i >= 0; i--)
        {
            double sum = _rightSide[i];
            for (int j = i + 1; j < columns; j++)
            {
                sum -= _columns[j][i] * solution[j];
            }

            double pivot = _columns[i][i];
            solution[i] = pivot > 0 ? sum / pivot : 0;
        }

        return solution;
    }
}
