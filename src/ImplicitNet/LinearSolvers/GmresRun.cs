using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>One GMRES solve in progress: the solution so far, and which samples are still open.</summary>
internal sealed class GmresRun : IDisposable
{
    private readonly LinearOperator _linear;
    private readonly Tensor _rightSide;
    private readonly Tensor _solution;
    private readonly double[] _targets;
    private readonly double[] _scales;
    private readonly LinearSampleReport[] _reports;
    private LinearOperator? _restricted;
    private int[] _open;
    private Tensor _residual;

    public GmresRun(LinearSystem system)
    {
        _linear = system.Linear;
        _rightSide = system.RightSide;
        _residual = _rightSide;
        _solution = system.Start?.clone() ?? zeros_like(_rightSide);
        _scales = system.Scales;
        _targets = system.Thresholds;
        _reports = [.. _scales.Select(Initial)];
        _open = [.. Enumerable.Range(0, _scales.Length).Where(sample => IsOpen(_reports[sample]))];
    }

    public IReadOnlyList<LinearSampleReport> Reports => _reports;

    /// <summary>Measures what residual x leaves of the open samples, by one product; false when there is none.</summary>
    public bool BeginAgain()
    {
        if (!Begin())
        {
            return false;
        }

        Tensor rows = Indices(_open, _rightSide.device);
        _residual = _residual - Operator.Apply(_solution.index_select(0, rows));
        foreach (int sample in _open)
        {
            _reports[sample] = _reports[sample] with { Products = _reports[sample].Products + 1 };
        }

        return true;
    }

    /// <summary>Gets ready for a cycle over the open samples, from x = 0; false when there is none.</summary>
    public bool Begin()
    {
        _open = [.. _open.Where(sample => IsOpen(_reports[sample]))];
        if (_open.Length == 0)
        {
            return false;
        }

        _restricted?.Dispose();
        _restricted = null;
        Tensor rows = Indices(_open, _rightSide.device);
        if (_open.Length < _scales.Length)
        {
            _restricted = _linear.Restrict(rows);
        }

        _residual = _rightSide.index_select(0, rows);
        return true;
    }

    /// <summary>Improves x over one basis of at most <paramref name="length"/> directions.</summary>
    /// <returns>The products taken.</returns>
    public int Cycle(int length)
    {
        using DisposeScope scope = NewDisposeScope();
        using GmresCycle cycle = new(Operator, _residual, _open, [.. _open.Select(sample => _targets[sample])], length);
        int products = 0;
        while (products < length && cycle.IsRunning)
        {
            cycle.Step();
            products++;
            Collect(cycle.Leave(all: false));
        }

        Collect(cycle.Leave(all: true));
        return products;
    }

    /// <summary>x: the caller's from now on.</summary>
    public Tensor Take() => _solution.DetachFromDisposeScope();

    public void Dispose() => _restricted?.Dispose();

    internal static double[] Norms(Tensor rows) => [.. linalg.vector_norm(rows, 2, [1]).to(ScalarType.Float64).cpu().data<double>()];

    internal static Tensor Indices(IReadOnlyList<int> positions, Device device) =>
        tensor(positions.Select(position => (long)position).ToArray(), device: device);

    private LinearOperator Operator => _restricted ?? _linear;

    private static bool IsOpen(LinearSampleReport report) => report.Status == LinearStatus.MaxProductsReached;

    private static LinearSampleReport Initial(double scale) =>
        scale == 0 ? new(LinearStatus.Converged, 0, 0)
        : double.IsFinite(scale) ? new(LinearStatus.MaxProductsReached, 0, 1)
        : new(LinearStatus.NonFinite, 0, double.PositiveInfinity);

    private void Collect((GmresSample[] Samples, Tensor Corrections)? left)
    {
        if (left is not { } leavers)
        {
            return;
        }

        _solution.index_add_(0, Indices([.. leavers.Samples.Select(sample => sample.Sample)], _rightSide.device), leavers.Corrections, 1);
        foreach (GmresSample sample in leavers.Samples)
        {
            int products = _reports[sample.Sample].Products + sample.Products;
            _reports[sample.Sample] = new LinearSampleReport(sample.Status, products, sample.Residual / _scales[sample.Sample]);
        }
    }
}
