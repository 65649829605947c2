using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>One sample within one cycle of GMRES: its small least-squares problem, and whether it has ended.</summary>
internal sealed class GmresSample
{
    // A new direction this much shorter than the product it came from is rounding, and so is a residual this much smaller
    // than the first.
    private const double RoundingOfDouble = 1e-14;
    private const double RoundingOfSingle = 1e-6;

    private readonly HessenbergLeastSquares _problem;
    private readonly double _target;
    private readonly double _norm;
    private readonly double _rounding;

    public GmresSample(int sample, double norm, double target, int length, ScalarType dtype)
    {
        Sample = sample;
        _problem = new HessenbergLeastSquares(norm, length);
        _target = target;
        _norm = norm;
        _rounding = dtype == ScalarType.Float64 ? RoundingOfDouble : RoundingOfSingle;
        Status = !double.IsFinite(norm) ? LinearStatus.NonFinite
            : norm <= target ? LinearStatus.Converged
            : LinearStatus.MaxProductsReached;
    }

    /// <summary>Its position in the batch that is solved.</summary>
    public int Sample { get; }

    /// <summary>How it ended; that the limit was reached as long as it has not.</summary>
    public LinearStatus Status { get; private set; }

    public bool IsRunning => Status == LinearStatus.MaxProductsReached;

    /// <summary>Products in this cycle.</summary>
    public int Products { get; private set; }

    /// <summary>The norm of the residual that its correction leaves; the recurrence falls to zero, the true one does not.</summary>
    public double Residual => Math.Max(_problem.Residual, _rounding * _norm);

    /// <summary>Takes note of one product.</summary>
    /// <param name="projections">What of it lies along the vectors of the basis.</param>
    /// <param name="before">Its norm.</param>
    /// <param name="after">The norm of what is new in it.</param>
    public void Add(ReadOnlySpan<double> projections, double before, double after)
    {
        if (!IsRunning)
        {
            return;
        }

        Products++;
        double[] column = projections.ToArray();
        if (!double.IsFinite(before) || !double.IsFinite(after) || !column.All(double.IsFinite))
        {
            Status = LinearStatus.NonFinite;
            return;
        }

        bool isSpanned = after <= _rounding * before;
        _problem.Add(column, isSpanned ? 0 : after, _rounding * before);
        Status = Residual <= _target ? LinearStatus.Converged
            : isSpanned ? LinearStatus.Breakdown
            : LinearStatus.MaxProductsReached;
    }

    /// <summary>The weights of the basis in the correction; none for vectors that came after its end.</summary>
    public double[] Weights() => _problem.Solve();
}
