using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>One basis for every open sample, from a residual to the correction that leaves the least of it.</summary>
internal sealed class GmresCycle : IDisposable
{
    // An ended share of 1/32 bounds what is paid for samples that have ended to 3 % of the products; leaving them out of the
    // operator copies what that holds of the others once.
    private const int NarrowingDivisor = 32;

    private readonly List<LinearOperator> _restrictions = [];
    private LinearOperator _linear;
    private Tensor _basis;
    private GmresSample[] _samples;
    private int[] _multiplied;
    private int _used;

    public GmresCycle(LinearOperator linear, Tensor residual, IReadOnlyList<int> samples, IReadOnlyList<double> targets, int length)
    {
        using DisposeScope scope = NewDisposeScope();
        _linear = linear;
        double[] norms = GmresRun.Norms(residual);
        _samples = [.. norms.Select((norm, row) => new GmresSample(samples[row], norm, targets[row], length, residual.dtype))];
        _basis = zeros([residual.shape[0], length + 1, residual.shape[1]], dtype: residual.dtype, device: residual.device).DetachFromDisposeScope();
        _multiplied = [.. Enumerable.Range(0, norms.Length)];
        SetDirection(residual, linalg.vector_norm(residual, 2, [1], keepdim: true));
    }

    /// <summary>Whether a sample still needs a direction.</summary>
    public bool IsRunning => _samples.Any(sample => sample.IsRunning);

    /// <summary>One product and one direction for every sample that runs, and for few others.</summary>
    public void Step()
    {
        using DisposeScope scope = NewDisposeScope();
        int idle = _multiplied.Count(row => !_samples[row].IsRunning);
        if (idle > 0 && idle * NarrowingDivisor >= _multiplied.Length)
        {
            Narrow();
        }

        Tensor direction = Product(_basis.select(1, _used));
        Tensor basis = _basis.narrow(1, 0, _used + 1);
        Tensor before = linalg.vector_norm(direction, 2, [1], keepdim: true);
        Tensor first = bmm(basis, direction.unsqueeze(2));
        direction = direction - bmm(first.transpose(1, 2), basis).squeeze(1);
        Tensor second = bmm(basis, direction.unsqueeze(2));
        direction = direction - bmm(second.transpose(1, 2), basis).squeeze(1);
        Tensor after = linalg.vector_norm(direction, 2, [1], keepdim: true);

        int width = _used + 3;
        double[] numbers = [.. cat([(first + second).squeeze(2), before, after], 1).to(ScalarType.Float64).cpu().data<double>()];
        for (int row = 0; row < _samples.Length; row++)
        {
            ReadOnlySpan<double> own = numbers.AsSpan(row * width, width);
            _samples[row].Add(own[..^2], own[^2], own[^1]);
        }

        _used++;
        SetDirection(direction, after);
    }

    /// <summary>
    /// Takes the samples out that have ended, once they are half of those here or all: nothing is computed for them any more.
    /// </summary>
    /// <param name="all">Takes out every sample, ended or not.</param>
    /// <returns>Those samples, and a correction for each: [count, n]; null when it is too early.</returns>
    public (GmresSample[] Samples, Tensor Corrections)? Leave(bool all)
    {
        int[] leaving = [.. Rows(sample => all || !sample.IsRunning)];
        if (leaving.Length == 0 || leaving.Length * 2 < _samples.Length)
        {
            return null;
        }

        Tensor corrections = Corrections(leaving);
        GmresSample[] left = [.. leaving.Select(row => _samples[row])];
        int[] kept = [.. Rows(sample => !all && sample.IsRunning)];
        if (kept.Length > 0)
        {
            using DisposeScope scope = NewDisposeScope();
            Narrow();
            Tensor basis = _basis.index_select(0, GmresRun.Indices(kept, _basis.device)).DetachFromDisposeScope();
            _basis.Dispose();
            _basis = basis;
            _multiplied = [.. Enumerable.Range(0, kept.Length)];
        }

        _samples = [.. kept.Select(row => _samples[row])];
        return (left, corrections);
    }

    public void Dispose()
    {
        _basis.Dispose();
        for (int i = _restrictions.Count - 1; i >= 0; i--)
        {
            _restrictions[i].Dispose();
        }
    }

    /// <summary>Leaves the samples that have ended out of the products; the basis keeps them.</summary>
    private void Narrow()
    {
        int[] kept = [.. Enumerable.Range(0, _multiplied.Length).Where(position => _samples[_multiplied[position]].IsRunning)];
        if (kept.Length < _multiplied.Length)
        {
            using DisposeScope scope = NewDisposeScope();
            _linear = _linear.Restrict(GmresRun.Indices(kept, _basis.device));
            _restrictions.Add(_linear);
            _multiplied = [.. kept.Select(position => _multiplied[position])];
        }
    }

    /// <summary>The products of the samples that are multiplied, and zeros for the others.</summary>
    private Tensor Product(Tensor vectors)
    {
        if (_multiplied.Length == _samples.Length)
        {
            return _linear.Apply(vectors);
        }

        Tensor rows = GmresRun.Indices(_multiplied, vectors.device);
        return zeros_like(vectors).index_copy_(0, rows, _linear.Apply(vectors.index_select(0, rows)));
    }

    /// <summary>
    /// The next vector of the basis; zeros where there is none, so that no NaN meets the zero weight it has in a correction.
    /// </summary>
    private void SetDirection(Tensor direction, Tensor length) =>
        _basis.select(1, _used).copy_(where(length > 0, direction / length, zeros_like(direction)));

    private Tensor Corrections(int[] leaving)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_used == 0)
        {
            return zeros([leaving.Length, _basis.shape[2]], dtype: _basis.dtype, device: _basis.device).MoveToOuterDisposeScope();
        }

        double[,] weights = new double[leaving.Length, _used];
        for (int i = 0; i < leaving.Length; i++)
        {
            double[] own = _samples[leaving[i]].Weights();
            for (int j = 0; j < own.Length; j++)
            {
                weights[i, j] = own[j];
            }
        }

        Tensor basis = _basis.index_select(0, GmresRun.Indices(leaving, _basis.device)).narrow(1, 0, _used);
        Tensor correction = bmm(tensor(weights, dtype: _basis.dtype, device: _basis.device).unsqueeze(1), basis).squeeze(1);

        // A correction that overflowed is none.
        Tensor finite = correction.isfinite().all(1, keepdim: true);
        return where(finite, correction, zeros_like(correction)).MoveToOuterDisposeScope();
    }

    private IEnumerable<int> Rows(Func<GmresSample, bool> condition) =>
        Enumerable.Range(0, _samples.Length).Where(row => condition(_samples[row]));
}
